//! Who may set which field of an article: one table, and the check of a change against it. Pure.
//!
//! Roles that reach every article may set every field. Those that reach only their own are told apart here. A field counts
//! as set when it is another after the change than before, so that an article can be sent back as it was read.

use uuid::Uuid;

use crate::accounts::permissions::Role;
use crate::articles::article::Ownership;
use crate::articles::content::{ArticleContent, BylineContent, Seo};
use crate::articles::lifecycle::Liveness;
use crate::articles::merge::{ContentField, changed_fields};

/// A field of an article that rights are about: a member of its content, a part of one, or what stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArticleField {
    /// A member of the content; `seo` without `seo.noindex`.
    Content(ContentField),
    /// Whether search engines leave the article out.
    NoIndex,
    /// What a document says of the thread: its state and its comments.
    Thread,
    /// Who is to work on it.
    Assignee,
}

/// How far somebody may set a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldRight {
    /// To anything.
    Free,
    /// While readers do not see the article.
    UntilPublished,
    /// The author whom the account writes as may be put in and taken out; the others stay.
    LinkedAuthor,
    /// Never.
    Never,
}

/// Who changes an article, as far as rights tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldWriter {
    /// An account with this role.
    Role(Role),
    /// An API token of the kind `upload`.
    UploadToken,
}

/// A field that a change sets and may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForbiddenField {
    /// The field.
    pub field: ArticleField,
    /// How far it may be set.
    pub right: FieldRight,
}

impl ArticleField {
    /// Every field, in the order of the content.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let beside = [Self::NoIndex, Self::Thread, Self::Assignee];
        ContentField::ALL.into_iter().map(Self::Content).chain(beside).collect()
    }

    /// The JSON Pointer of the member that sets it.
    #[must_use]
    pub fn pointer(self) -> String {
        match self {
            Self::Content(field) => format!("/{field}"),
            Self::NoIndex => "/seo/noindex".to_owned(),
            Self::Thread => "/comments".to_owned(),
            Self::Assignee => "/assignee_id".to_owned(),
        }
    }
}

impl FieldWriter {
    /// The table: how far this writer may set `field`.
    #[must_use]
    pub fn right(self, field: ArticleField) -> FieldRight {
        use ContentField::{
            Authors, BodyMarkdown, Byline, CanonicalUrl, Cover, Custom, Excerpt, ExternalId, Lang, PublishedAt,
            Related, Section, Seo, Series, Slug, Subtitle, Tags, Title, TranslationOf,
        };
        match (self, field) {
            (Self::Role(Role::Administrator | Role::Editor), _)
            | (
                _,
                ArticleField::Content(
                    Title | Subtitle | Excerpt | BodyMarkdown | Lang | Cover | Tags | Section | Custom | Seo | Series
                    | Related | TranslationOf,
                ),
            )
            | (
                Self::Role(Role::Author),
                ArticleField::Content(Slug | Authors | Byline | CanonicalUrl | PublishedAt)
                | ArticleField::NoIndex
                | ArticleField::Thread,
            ) => FieldRight::Free,
            (_, ArticleField::Content(Slug)) => FieldRight::UntilPublished,
            (_, ArticleField::Content(Authors)) => FieldRight::LinkedAuthor,
            (
                _,
                ArticleField::Content(Byline | CanonicalUrl | PublishedAt | ExternalId)
                | ArticleField::NoIndex
                | ArticleField::Thread
                | ArticleField::Assignee,
            ) => FieldRight::Never,
        }
    }
}

impl FieldRight {
    /// What somebody is told who may not set a field.
    #[must_use]
    pub fn refusal(self) -> &'static str {
        match self {
            Self::Free => "it may be set",
            Self::UntilPublished => {
                "readers see the article, so only editors and authors change this; leave it as it is"
            }
            Self::LinkedAuthor => {
                "only the author whom this account writes as may be put in or taken out; leave the others as they are"
            }
            Self::Never => "only an editor sets this; leave it as it is",
        }
    }
}

impl Ownership {
    /// Who writes, as far as rights tell them apart; an owner of everything counts as an editor.
    #[must_use]
    pub fn field_writer(self) -> FieldWriter {
        match self {
            Self::Any => FieldWriter::Role(Role::Editor),
            Self::Of(owner) => FieldWriter::Role(owner.role),
            Self::Upload(_) => FieldWriter::UploadToken,
        }
    }

    /// The fields that are another in `after` than in `before` and that this writer may not set. `live` is whether readers see
    /// the article.
    #[must_use]
    pub fn forbidden(self, before: &ArticleContent, after: &ArticleContent, live: Liveness) -> Vec<ForbiddenField> {
        if self == Self::Any {
            return Vec::new();
        }
        let is_live = live == Liveness::Live;
        let writer = self.field_writer();
        fields_set(before, after)
            .into_iter()
            .map(|field| ForbiddenField {
                field,
                right: writer.right(field),
            })
            .filter(|set| match set.right {
                FieldRight::Free => false,
                FieldRight::UntilPublished => is_live,
                FieldRight::LinkedAuthor => {
                    others(&before.authors, self.author()) != others(&after.authors, self.author())
                }
                FieldRight::Never => true,
            })
            .collect()
    }

    /// The author whom the writer writes as.
    #[must_use]
    pub fn author(self) -> Option<Uuid> {
        match self {
            Self::Any => None,
            Self::Of(owner) => owner.author,
            Self::Upload(grant) => Some(grant.author_id),
        }
    }
}

fn fields_set(before: &ArticleContent, after: &ArticleContent) -> Vec<ArticleField> {
    let mut set: Vec<ArticleField> = changed_fields(before, after)
        .into_iter()
        .filter(|field| *field != ContentField::Seo || texts(&before.seo) != texts(&after.seo))
        .map(ArticleField::Content)
        .collect();
    if before.seo.noindex != after.seo.noindex {
        set.push(ArticleField::NoIndex);
    }
    set
}

fn texts(seo: &Seo) -> Seo {
    Seo {
        noindex: false,
        ..seo.clone()
    }
}

fn others(byline: &[BylineContent], linked: Option<Uuid>) -> Vec<&BylineContent> {
    byline.iter().filter(|entry| Some(entry.author) != linked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::claims::UploadGrant;
    use crate::articles::article::Owner;

    const ME: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn owner(role: Role) -> Ownership {
        Ownership::Of(Owner {
            account: Uuid::from_u128(9),
            author: Some(ME),
            role,
        })
    }

    fn upload() -> Ownership {
        Ownership::Upload(UploadGrant {
            token_id: Uuid::from_u128(8),
            author_id: ME,
        })
    }

    fn by(authors: &[Uuid]) -> ArticleContent {
        let entry = |author: &Uuid| BylineContent {
            author: *author,
            role: "author".to_owned(),
        };
        ArticleContent {
            authors: authors.iter().map(entry).collect(),
            ..ArticleContent::default()
        }
    }

    fn pointers(ownership: Ownership, before: &ArticleContent, after: &ArticleContent, live: Liveness) -> Vec<String> {
        let forbidden = ownership.forbidden(before, after, live);
        forbidden.into_iter().map(|set| set.field.pointer()).collect()
    }

    #[test]
    fn what_is_not_changed_is_never_refused() {
        let content = ArticleContent {
            canonical_url: Some("https://example.org".to_owned()),
            ..by(&[OTHER])
        };
        for ownership in [owner(Role::Author), owner(Role::Contributor), upload()] {
            assert!(ownership.forbidden(&content, &content, Liveness::Live).is_empty());
        }
    }

    #[test]
    fn every_field_that_a_contributor_may_not_set_is_named() {
        let before = ArticleContent::default();
        let after = ArticleContent {
            title: "Ships".to_owned(),
            slug: "ships".to_owned(),
            byline: Some("By nobody".to_owned()),
            canonical_url: Some("https://example.org".to_owned()),
            seo: Seo {
                title: Some("Ships".to_owned()),
                noindex: true,
                ..Seo::default()
            },
            ..by(&[OTHER])
        };
        let named = pointers(owner(Role::Contributor), &before, &after, Liveness::Hidden);
        assert_eq!(named, ["/authors", "/byline", "/canonical_url", "/seo/noindex"]);
        assert_eq!(pointers(upload(), &before, &after, Liveness::Hidden), named);
        let named = pointers(owner(Role::Contributor), &before, &after, Liveness::Live);
        assert_eq!(
            named,
            ["/slug", "/authors", "/byline", "/canonical_url", "/seo/noindex"]
        );
        assert!(pointers(owner(Role::Author), &before, &after, Liveness::Live).is_empty());
        assert!(pointers(Ownership::Any, &before, &after, Liveness::Live).is_empty());
    }

    #[test]
    fn the_linked_author_comes_and_goes_and_the_others_stay() {
        let is_refused = |before: &[Uuid], after: &[Uuid]| {
            !owner(Role::Contributor)
                .forbidden(&by(before), &by(after), Liveness::Hidden)
                .is_empty()
        };
        assert!(!is_refused(&[], &[ME]));
        assert!(!is_refused(&[ME, OTHER], &[OTHER]));
        assert!(!is_refused(&[OTHER], &[ME, OTHER]));
        assert!(is_refused(&[ME, OTHER], &[ME]));
        assert!(is_refused(&[ME], &[ME, OTHER]));
        assert!(is_refused(&[ME], &[OTHER]));
    }
}
