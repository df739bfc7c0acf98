//! Where files are used: finding the files that an article or an author names by their addresses. Pure.
//!
//! What uses a file keeps it from being removed: working copies, what readers see, and the pictures of authors. Earlier
//! revisions do not; one that is restored is restored without the files that are gone.

use std::collections::BTreeSet;

use diesel::{Insertable, Queryable, Selectable};
use pulldown_cmark::{Event, Parser, Tag};
use url::Url;
use uuid::Uuid;

use crate::articles::content::ArticleContent;
use crate::database::ids::RowId;
use crate::database::schema::media_uses;
use crate::markup;

/// What the address of every file has in it, before the id.
const MEDIA_PATH: &str = "/v1/media/";

/// Letters of a UUID as text.
const ID_LENGTH: usize = 36;

/// What uses files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaUser {
    /// The working copy of an article.
    Article(RowId),
    /// What readers see of an article.
    PublishedArticle(RowId),
    /// An author.
    Author(RowId),
}

/// Where in it a file is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MediaPlace {
    /// The picture above the text.
    Cover,
    /// The text: a picture or a link.
    Body,
    /// The picture for social networks.
    SocialImage,
    /// The picture of an author.
    Avatar,
}

/// A file, and where it is used.
pub type MediaUses = BTreeSet<(MediaPlace, Uuid)>;

/// A row of `media_uses`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = media_uses)]
pub struct MediaUseRow {
    /// The file.
    pub media_id: RowId,
    /// What kind of thing uses it: `article`, `published_article` or `author`.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: RowId,
    /// Where in it: `cover`, `body`, `social_image` or `avatar`.
    pub place: String,
}

impl MediaUser {
    /// The name of its kind, as the database has it.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Article(_) => "article",
            Self::PublishedArticle(_) => "published_article",
            Self::Author(_) => "author",
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(self) -> RowId {
        match self {
            Self::Article(id) | Self::PublishedArticle(id) | Self::Author(id) => id,
        }
    }
}

impl MediaPlace {
    /// The name, as the database and the wire have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cover => "cover",
            Self::Body => "body",
            Self::SocialImage => "social_image",
            Self::Avatar => "avatar",
        }
    }
}

/// The file that an address leads to: one below `public_url`, or one that begins with a slash. Whether it says http or https,
/// what comes behind the id, its query and its fragment do not matter.
#[must_use]
pub fn file_at(address: &str, public_url: &str) -> Option<Uuid> {
    // Most addresses lead elsewhere, and are not looked at further.
    if !address.contains(MEDIA_PATH) {
        return None;
    }
    let base = Url::parse(public_url).ok()?;
    let names_host = address.starts_with("//") || Url::parse(address).is_ok();
    let is_rooted = address.starts_with('/') && !names_host;
    let url = base.join(address).ok()?;
    let is_same_site =
        matches!(url.scheme(), "http" | "https") && url.host_str() == base.host_str() && url.port() == base.port();
    // What begins with neither leads elsewhere on every page that shows the text.
    if !(is_rooted || names_host && is_same_site) {
        return None;
    }
    let path = url.path();
    path.strip_prefix(base.path().trim_end_matches('/'))
        .and_then(|below| below.strip_prefix(MEDIA_PATH))
        // Where the API is below a path, addresses within a text may be written without it.
        .or_else(|| path.strip_prefix(MEDIA_PATH).filter(|_| is_rooted))
        .and_then(id_at_start)
}

/// The files that an article uses.
#[must_use]
pub fn of_article(content: &ArticleContent, public_url: &str) -> MediaUses {
    let cover = content.cover.as_ref().map(|cover| cover.url.as_str());
    let pictures = [
        (MediaPlace::Cover, cover),
        (MediaPlace::SocialImage, content.seo.social_image.as_deref()),
    ];
    let pictures = pictures
        .into_iter()
        .filter_map(|(place, url)| Some((place, file_at(url?, public_url)?)));
    let text = of_text(&content.body_markdown, public_url).into_iter();
    pictures.chain(text.map(|id| (MediaPlace::Body, id))).collect()
}

/// The files that an author uses.
#[must_use]
pub fn of_author(avatar_url: Option<&str>, public_url: &str) -> MediaUses {
    let avatar = avatar_url.and_then(|url| file_at(url, public_url));
    avatar.into_iter().map(|id| (MediaPlace::Avatar, id)).collect()
}

/// The files that a text shows or links to.
#[must_use]
pub fn of_text(markdown: &str, public_url: &str) -> BTreeSet<Uuid> {
    if !markdown.contains(MEDIA_PATH) {
        return BTreeSet::new();
    }
    Parser::new_ext(markdown, markup::OPTIONS)
        .flat_map(|event| of_event(&event, public_url))
        .collect()
}

/// The files that a part of a text shows or links to.
pub(crate) fn of_event(event: &Event<'_>, public_url: &str) -> Vec<Uuid> {
    match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            file_at(dest_url, public_url).into_iter().collect()
        }
        // Whatever raw HTML does with an address of a file, it uses the file.
        Event::Html(html) | Event::InlineHtml(html) => {
            let behind = html.split(MEDIA_PATH).skip(1);
            behind.filter_map(id_at_start).collect()
        }
        _ => Vec::new(),
    }
}

fn id_at_start(text: &str) -> Option<Uuid> {
    let id = text.get(..ID_LENGTH)?;
    let is_whole = text
        .as_bytes()
        .get(ID_LENGTH)
        .is_none_or(|next| !next.is_ascii_alphanumeric() && *next != b'-');
    Uuid::try_parse(id).ok().filter(|_| is_whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::articles::content::{Cover, Seo};

    const SITE: &str = "https://galley.example";
    const ID: &str = "019ca945-0a00-7363-bcd7-02cb5423746c";

    fn id() -> Uuid {
        ID.parse().unwrap()
    }

    #[test]
    fn addresses_of_files_are_told_from_others() {
        for ours in [
            format!("/v1/media/{ID}"),
            format!("/v1/media/{ID}/file"),
            format!("{SITE}/v1/media/{ID}/renditions/800x600-cover.webp?v=2#top"),
            format!("http://GALLEY.example/v1/media/{}", ID.to_uppercase()),
            format!("//galley.example/v1/media/{ID}"),
            format!("{SITE}/a/../v1/media/{ID}"),
        ] {
            assert_eq!(file_at(&ours, SITE), Some(id()), "{ours}");
        }
        for other in [
            format!("https://elsewhere.example/v1/media/{ID}"),
            format!("https://galley.example:8443/v1/media/{ID}"),
            format!("//elsewhere.example/v1/media/{ID}"),
            format!("v1/media/{ID}"),
            format!("x/v1/media/{ID}"),
            format!("mailto:/v1/media/{ID}"),
            format!("/v1/media/{ID}0"),
            format!("/v1/media/{}", ID.get(1..).unwrap()),
            format!("/x/v1/media/{ID}"),
            "/v1/media/".to_owned(),
            format!("{SITE}/?to=/v1/media/{ID}"),
            format!("{SITE}/v1/articles/{ID}"),
        ] {
            assert_eq!(file_at(&other, SITE), None, "{other}");
        }
        let below = "https://example.org/cms/";
        for ours in ["https://example.org/cms/v1/media/", "/cms/v1/media/", "/v1/media/"] {
            assert_eq!(file_at(&format!("{ours}{ID}/file"), below), Some(id()), "{ours}");
        }
        assert_eq!(file_at(&format!("https://example.org/v1/media/{ID}"), below), None);
    }

    #[test]
    fn a_text_uses_what_it_shows_and_links_to() {
        let other = "019ca945-0a00-7363-bcd7-02cb5423746d";
        for text in [
            format!("![a]({SITE}/v1/media/{ID}/file)"),
            format!("[a](/v1/media/{ID})"),
            format!("<{SITE}/v1/media/{ID}>"),
            format!("![a][pic]\n\n[pic]: /v1/media/{ID}/file"),
            format!("Text <img src=\"/v1/media/{ID}/file\" alt=\"\"> text"),
            format!("<p>\n<img src='{SITE}/v1/media/{ID}'></p>"),
            format!("- > ![a](/v1/media/{ID})"),
        ] {
            assert_eq!(of_text(&text, SITE), BTreeSet::from([id()]), "{text}");
        }
        for text in [
            format!("`![a](/v1/media/{ID})`"),
            format!("    ![a](/v1/media/{ID})"),
            format!("/v1/media/{ID}"),
            format!("[pic]: /v1/media/{ID}"),
        ] {
            assert_eq!(of_text(&text, SITE), BTreeSet::new(), "{text}");
        }
        let content = ArticleContent {
            cover: Some(Cover {
                url: format!("{SITE}/v1/media/{ID}/file"),
                alt: None,
                caption: None,
                credit: None,
            }),
            seo: Seo {
                social_image: Some(format!("{SITE}/v1/media/{ID}/renditions/og.jpg")),
                ..Seo::default()
            },
            body_markdown: format!("![a](/v1/media/{ID}) ![b](/v1/media/{ID}) [c](/v1/media/{other})"),
            ..ArticleContent::default()
        };
        let expected = [
            (MediaPlace::Cover, id()),
            (MediaPlace::Body, id()),
            (MediaPlace::Body, other.parse().unwrap()),
            (MediaPlace::SocialImage, id()),
        ];
        assert_eq!(of_article(&content, SITE), MediaUses::from(expected));
        assert_eq!(of_author(None, SITE), MediaUses::new());
    }

    proptest! {
        #[test]
        fn an_address_that_is_made_is_found(id in any::<u128>(), rest in "(/[a-z0-9]{1,8}(\\.[a-z]{1,4})?){0,3}(\\?[a-z=]{0,5})?") {
            let id = Uuid::from_u128(id);
            prop_assert_eq!(file_at(&format!("{SITE}/v1/media/{id}{rest}"), SITE), Some(id));
            prop_assert_eq!(of_text(&format!("![x](</v1/media/{id}{rest}>)"), SITE), BTreeSet::from([id]));
        }

        #[test]
        fn no_text_is_too_odd(text in "(\\PC|/v1/media/){0,40}") {
            let _ = of_text(&text, SITE);
            let _ = file_at(&text, SITE);
        }
    }
}
