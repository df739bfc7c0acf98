//! What a request wants to change about an article: typed and checked, with references as people write them (slugs and
//! names). The store looks those up and makes the content of the next revision of it. Pure.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::articles::article::{ArticleText, BylineText, Excerpt, Subtitle, Title};
use crate::articles::content::{ArticleContent, BylineContent, Cover, ExternalId, Seo, SeriesContent};
use crate::authors::author::{AuthorBio, AuthorName};
use crate::field::{LanguageTag, Line, WebAddress};
use crate::http::patch::Patch;
use crate::slug::Slug;
use crate::tags::tag::TagName;

/// What an author did: lower-case words such as `author`, `translator` or `photo_editor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BylineRole(String);

/// What shall change about a working copy. For a new one, everything that is not set is empty.
#[derive(Debug, Clone, Default)]
pub struct ArticleEdit {
    /// The headline, if it shall change.
    pub title: Option<Title>,
    /// The slug, if it shall change.
    pub slug: Option<Slug>,
    /// The second headline.
    pub subtitle: Patch<Subtitle>,
    /// The teaser.
    pub excerpt: Patch<Excerpt>,
    /// The text, if it shall change.
    pub text: Option<ArticleText>,
    /// The authors, if they shall change.
    pub authors: Option<Vec<BylineEntry>>,
    /// The line that stands in place of the names of the authors.
    pub byline: Patch<BylineText>,
    /// The section, by slug.
    pub section: Patch<Slug>,
    /// The tags, by name, if they shall change.
    pub tags: Option<Vec<TagName>>,
    /// The place in a series.
    pub series: Patch<SeriesEntry>,
    /// The related articles, if they shall change.
    pub related: Option<Vec<Uuid>>,
    /// The language tag.
    pub lang: Patch<LanguageTag>,
    /// The article that this one is a translation of.
    pub translation_of: Patch<Uuid>,
    /// The address of the original.
    pub canonical_url: Patch<WebAddress>,
    /// The picture above the text.
    pub cover: Patch<CoverEdit>,
    /// What search engines and social networks are told.
    pub seo: Patch<SeoEdit>,
    /// The fields of the site.
    pub custom: CustomEdit,
    /// The name of the article in another system.
    pub external_id: Patch<ExternalId>,
    /// The date that readers see.
    pub published_at: Patch<DateTime<Utc>>,
    /// What a document said that no field holds, if it shall change.
    pub extra: Option<Map<String, Value>>,
}

/// One author of a byline, as a request names them.
#[derive(Debug, Clone)]
pub struct BylineEntry {
    /// Who.
    pub author: BylineName,
    /// What they did.
    pub role: BylineRole,
}

/// How a request names an author.
#[derive(Debug, Clone)]
pub enum BylineName {
    /// An author who must exist.
    Slug(Slug),
    /// An author by name, who is made if there is none with the slug of the name.
    Named {
        /// The name.
        name: AuthorName,
        /// The slug of the name.
        slug: Slug,
        /// What is told about a new author, or about one of whom nothing is told yet.
        bio: Option<AuthorBio>,
        /// The page of a new author.
        url: Option<WebAddress>,
    },
}

/// A place in a series, as a request names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesEntry {
    /// The slug of the series.
    pub slug: Slug,
    /// The place, from 1.
    pub position: i32,
}

/// What shall change about the cover.
#[derive(Debug, Clone, Default)]
pub struct CoverEdit {
    /// Where the picture is, if that shall change.
    pub url: Option<WebAddress>,
    /// What it shows.
    pub alt: Patch<Line<500>>,
    /// The line below it.
    pub caption: Patch<Line<1_000>>,
    /// Who made it.
    pub credit: Patch<Line<300>>,
}

/// What shall change about what search engines are told.
#[derive(Debug, Clone, Default)]
pub struct SeoEdit {
    /// The title.
    pub title: Patch<Line<300>>,
    /// The description.
    pub description: Patch<Line<1_000>>,
    /// Whether search engines shall leave the article out, if that shall change.
    pub noindex: Option<bool>,
    /// The picture for social networks.
    pub social_image: Patch<WebAddress>,
}

/// What shall change about the fields of the site.
#[derive(Debug, Clone, Default)]
pub enum CustomEdit {
    /// Nothing.
    #[default]
    Unchanged,
    /// They are these.
    Replace(Map<String, Value>),
    /// These are merged in (RFC 7396).
    Merge(Map<String, Value>),
}

/// The references of an edit, looked up.
#[derive(Debug, Clone, Default)]
pub struct ResolvedReferences {
    /// The authors, if they shall change.
    pub authors: Option<Vec<BylineContent>>,
    /// The section.
    pub section: Patch<Uuid>,
    /// The tags, if they shall change.
    pub tags: Option<Vec<Uuid>>,
    /// The place in a series.
    pub series: Patch<SeriesContent>,
    /// The article at the root of the translations.
    pub translation_of: Patch<Uuid>,
}

/// A cover is made of a picture, and there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoverWithoutPicture;

impl BylineRole {
    /// The role of somebody of whom nothing else is said.
    #[must_use]
    pub fn author() -> Self {
        Self("author".to_owned())
    }

    /// Takes a role.
    ///
    /// # Errors
    /// [`RoleFault`] when it is not 1 to 40 lower-case letters, digits and underscores that begin with a letter.
    pub fn parse(text: &str) -> Result<Self, RoleFault> {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let is_role = (1..=40).contains(&text.len())
            && text.bytes().all(is_word)
            && text.starts_with(|first: char| first.is_ascii_lowercase());
        match is_role {
            true => Ok(Self(text.to_owned())),
            false => Err(RoleFault),
        }
    }

    /// The text, given away.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A text that is no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleFault;

impl std::fmt::Display for RoleFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a role has 1 to 40 lower-case letters, digits and underscores, such as author or photo_editor")
    }
}

impl crate::field::Refusal for RoleFault {
    fn code(&self) -> &'static str {
        "invalid-role"
    }
}

impl TryFrom<&String> for BylineRole {
    type Error = RoleFault;

    fn try_from(text: &String) -> Result<Self, RoleFault> {
        Self::parse(text)
    }
}

crate::field::read_from_text!(BylineRole);

impl ArticleEdit {
    /// The edit without a date that readers see already, to the millisecond that times on the wire have: an article that is
    /// sent back as it was read is not dated by that.
    #[must_use]
    pub fn without_date_that_stands(self, shown: Option<DateTime<Utc>>) -> Self {
        let millis = |date: DateTime<Utc>| date.timestamp_millis();
        match &self.published_at {
            Patch::Value(date) if shown.map(millis) == Some(millis(*date)) => Self {
                published_at: Patch::Absent,
                ..self
            },
            _ => self,
        }
    }

    /// The content after this edit. What the references name is in `resolved`.
    ///
    /// # Errors
    /// [`CoverWithoutPicture`].
    pub fn applied(
        self,
        resolved: ResolvedReferences,
        content: &ArticleContent,
    ) -> Result<ArticleContent, CoverWithoutPicture> {
        let Self {
            title,
            slug,
            subtitle,
            excerpt,
            text,
            authors: _,
            byline,
            section: _,
            tags: _,
            series: _,
            related,
            lang,
            translation_of: _,
            canonical_url,
            cover,
            seo,
            custom,
            external_id,
            published_at,
            extra: _,
        } = self;
        let before = content.clone();
        Ok(ArticleContent {
            title: title.map_or(before.title, Title::into_string),
            slug: slug.map_or(before.slug, Slug::into_string),
            subtitle: subtitle.map(Subtitle::into_string).apply(before.subtitle),
            excerpt: excerpt.map(Excerpt::into_string).apply(before.excerpt),
            body_markdown: text.map_or(before.body_markdown, |text| text.rendered.markdown),
            authors: resolved.authors.unwrap_or(before.authors),
            byline: byline.map(BylineText::into_string).apply(before.byline),
            section: resolved.section.apply(before.section),
            tags: resolved.tags.unwrap_or(before.tags),
            series: resolved.series.apply(before.series),
            related: related.unwrap_or(before.related),
            lang: lang.map(LanguageTag::into_string).apply(before.lang),
            translation_of: resolved.translation_of.apply(before.translation_of),
            canonical_url: canonical_url.map(WebAddress::into_string).apply(before.canonical_url),
            cover: cover_after(cover, before.cover)?,
            seo: seo_after(seo, before.seo),
            custom: custom.applied(before.custom),
            external_id: external_id.apply(before.external_id),
            published_at: published_at.apply(before.published_at),
        })
    }
}

fn cover_after(edit: Patch<CoverEdit>, before: Option<Cover>) -> Result<Option<Cover>, CoverWithoutPicture> {
    let CoverEdit {
        url,
        alt,
        caption,
        credit,
    } = match edit {
        Patch::Absent => return Ok(before),
        Patch::Null => return Ok(None),
        Patch::Value(edit) => edit,
    };
    let (old_url, old_alt, old_caption, old_credit) = match before {
        None => (None, None, None, None),
        Some(cover) => (Some(cover.url), cover.alt, cover.caption, cover.credit),
    };
    let url = url.map(WebAddress::into_string).or(old_url);
    Ok(Some(Cover {
        url: url.ok_or(CoverWithoutPicture)?,
        alt: alt.map(Line::into_string).apply(old_alt),
        caption: caption.map(Line::into_string).apply(old_caption),
        credit: credit.map(Line::into_string).apply(old_credit),
    }))
}

fn seo_after(edit: Patch<SeoEdit>, before: Seo) -> Seo {
    let SeoEdit {
        title,
        description,
        noindex,
        social_image,
    } = match edit {
        Patch::Absent => return before,
        Patch::Null => return Seo::default(),
        Patch::Value(edit) => edit,
    };
    Seo {
        title: title.map(Line::into_string).apply(before.title),
        description: description.map(Line::into_string).apply(before.description),
        noindex: noindex.unwrap_or(before.noindex),
        social_image: social_image.map(WebAddress::into_string).apply(before.social_image),
    }
}

impl CustomEdit {
    fn applied(self, before: Map<String, Value>) -> Map<String, Value> {
        match self {
            Self::Unchanged => before,
            Self::Replace(fields) => fields,
            Self::Merge(patch) => {
                let mut merged = Value::Object(before);
                json_patch::merge(&mut merged, &Value::Object(patch));
                match merged {
                    Value::Object(fields) => fields,
                    _ => Map::new(),
                }
            }
        }
    }
}
