//! Articles in requests, and what they want to change.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::articles::article::{
    ArticleText, Body, BylineText, Excerpt, MAX_AUTHORS, MAX_RELATED, MAX_TAGS, Subtitle, Title,
};
use crate::articles::content::ExternalId;
use crate::articles::edit::{
    ArticleEdit, BylineEntry, BylineName, BylineRole, CoverEdit, CustomEdit, SeoEdit, SeriesEntry,
};
use crate::authors::author::{AuthorBio, AuthorName};
use crate::field::{LanguageTag, Line, WebAddress};
use crate::http::input::{InputFaults, TimeText, UuidText};
use crate::http::patch::{Kept, Patch};
use crate::site::custom_fields::CustomObject;
use crate::slug::Slug;
use crate::tags::tag::TagName;

/// Whether readers shall see an article at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, serde::Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WriteStatus {
    /// Readers see what they saw before.
    #[deserr(rename = "draft")]
    Draft,
    /// Readers see what is written.
    #[deserr(rename = "published")]
    Published,
}

/// One author of a byline to set: an existing one by `slug`, or anybody by `name`, who is made if need be.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct BylineAuthorIn {
    /// The slug of an author who exists.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "ada-lovelace")]
    pub slug: Option<Slug>,
    /// The name of an author.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Ada Lovelace")]
    pub name: Option<AuthorName>,
    /// With `name`: what is told about the author, as Markdown. Kept if nothing is told about them yet.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 10_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "Ada Lovelace writes about *engines*.")]
    pub bio: Option<AuthorBio>,
    /// What the author did, `author` when it is left out: lower-case words such as `translator` or `photo_editor`.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 40, pattern = "^[a-z][a-z0-9_]*$", example = "translator")]
    pub role: Option<BylineRole>,
}

/// A place in a series to set.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct ArticleSeriesIn {
    /// The slug of a series that exists.
    #[schema(value_type = String, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "a-year-at-sea")]
    pub slug: Slug,
    /// The place, from 1.
    #[schema(value_type = i32, minimum = 1, maximum = 100_000, example = 3)]
    pub position: SeriesPosition,
}

/// The picture above the text, to set.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct CoverIn {
    /// Where the picture is: an http or https address.
    #[schema(value_type = String, max_length = 2_000, pattern = "^https?://[^\\s/?#]+", example = "https://example.org/harbour.jpg")]
    pub url: WebAddress,
    /// What it shows, for those who do not see it.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 500, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Two cranes at dawn")]
    pub alt: Option<Line<500>>,
    /// The line below it.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 1_000, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "The harbour at five in the morning.")]
    pub caption: Option<Line<1_000>>,
    /// Who made it.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 300, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Photo: Grace Hopper")]
    pub credit: Option<Line<300>>,
}

/// Changes to the picture above the text (merge patch).
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct CoverPatchIn {
    /// Where the picture is: an http or https address.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, max_length = 2_000, pattern = "^https?://[^\\s/?#]+", example = "https://example.org/harbour.jpg")]
    pub url: Kept<WebAddress>,
    /// What it shows, for those who do not see it.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 500, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Two cranes at dawn")]
    pub alt: Patch<Line<500>>,
    /// The line below it.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 1_000, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "The harbour at five in the morning.")]
    pub caption: Patch<Line<1_000>>,
    /// Who made it.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 300, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Photo: Grace Hopper")]
    pub credit: Patch<Line<300>>,
}

/// What search engines and social networks are told, to set.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct SeoIn {
    /// The title, where it is another than the headline.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 300, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "A walk through the harbour at dawn")]
    pub title: Option<Line<300>>,
    /// The description, where it is another than the teaser.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 1_000, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "What is left of the harbour.")]
    pub description: Option<Line<1_000>>,
    /// Whether search engines shall leave the article out.
    #[deserr(default)]
    #[schema(value_type = bool, required = false, nullable = false, example = false)]
    pub noindex: Option<bool>,
    /// The picture for social networks: an http or https address.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, max_length = 2_000, pattern = "^https?://[^\\s/?#]+", example = "https://example.org/harbour-wide.jpg")]
    pub social_image: Option<WebAddress>,
}

/// Changes to what search engines and social networks are told (merge patch).
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct SeoPatchIn {
    /// The title, where it is another than the headline.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 300, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "A walk through the harbour at dawn")]
    pub title: Patch<Line<300>>,
    /// The description, where it is another than the teaser.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 1_000, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "What is left of the harbour.")]
    pub description: Patch<Line<1_000>>,
    /// Whether search engines shall leave the article out.
    #[deserr(default)]
    #[schema(value_type = bool, required = false, nullable = false, example = false)]
    pub noindex: Kept<bool>,
    /// The picture for social networks: an http or https address.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, max_length = 2_000, pattern = "^https?://[^\\s/?#]+", example = "https://example.org/harbour-wide.jpg")]
    pub social_image: Patch<WebAddress>,
}

/// The name of an article in another system, to set.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct ExternalIdIn {
    /// The system.
    #[schema(value_type = String, min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "wordpress")]
    pub source: Line<100>,
    /// The id there.
    #[schema(value_type = String, min_length = 1, max_length = 300, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "4711")]
    pub id: Line<300>,
}

/// An article to make, or to put in place of one.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct ArticleIn {
    /// The headline.
    #[schema(value_type = String, min_length = 1, max_length = 300, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "A walk through the harbour")]
    pub title: Title,
    /// The slug; made from the headline when it is left out.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "a-walk-through-the-harbour")]
    pub slug: Option<Slug>,
    /// The second headline.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 500, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Cranes, gulls and a closed café")]
    pub subtitle: Option<Subtitle>,
    /// The teaser; made from the text when it is left out.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 2_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "What is left when the ships are gone.")]
    pub excerpt: Option<Excerpt>,
    /// The text, as Markdown (`CommonMark` with tables, strikethrough and footnotes).
    #[schema(value_type = String, min_length = 1, max_length = 1_000_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "The cranes stood *still* that morning.")]
    pub body_markdown: Body,
    /// The authors, in order; at most 50.
    #[deserr(default)]
    #[schema(required = false, max_items = 50)]
    pub authors: Vec<BylineAuthorIn>,
    /// The line to show in place of the names of the authors.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 300, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "By our correspondents")]
    pub byline: Option<BylineText>,
    /// The slug of a section that exists.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "local")]
    pub section: Option<Slug>,
    /// The names of the tags, in order; at most 50. Tags that do not exist are made.
    #[deserr(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 50, example = json!(["Harbours", "Gulls"]))]
    pub tags: Vec<TagName>,
    /// The place in a series.
    #[deserr(default)]
    #[schema(required = false, nullable = false)]
    pub series: Option<ArticleSeriesIn>,
    /// The ids of related articles, in order; at most 20.
    #[deserr(default)]
    #[schema(value_type = Vec<Uuid>, required = false, max_items = 20)]
    pub related: Vec<UuidText>,
    /// The language tag (BCP 47).
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 2, max_length = 35, pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", example = "en")]
    pub lang: Option<LanguageTag>,
    /// The id of the article that this one is a translation of.
    #[deserr(default)]
    #[schema(value_type = Uuid, required = false, nullable = false)]
    pub translation_of: Option<UuidText>,
    /// The address of the original, when this is a copy: an http or https address.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, max_length = 2_000, pattern = "^https?://[^\\s/?#]+", example = "https://example.org/original")]
    pub canonical_url: Option<WebAddress>,
    /// The picture above the text.
    #[deserr(default)]
    #[schema(required = false, nullable = false)]
    pub cover: Option<CoverIn>,
    /// What search engines and social networks are told.
    #[deserr(default)]
    #[schema(required = false, nullable = false)]
    pub seo: Option<SeoIn>,
    /// The fields of the site, which `custom_fields_schema` of the settings describes.
    #[deserr(default)]
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>, required = false, nullable = false)]
    pub custom: Option<CustomObject>,
    /// The name of the article in another system; no two articles have the same.
    #[deserr(default)]
    #[schema(required = false, nullable = false)]
    pub external_id: Option<ExternalIdIn>,
    /// The date that readers see, for an article that was first published elsewhere; not in the future.
    #[deserr(default)]
    #[schema(value_type = DateTime<Utc>, required = false, nullable = false, example = "2026-03-01T12:00:00.000Z")]
    pub published_at: Option<TimeText>,
    /// `published` publishes at once. With `draft`, or when it is left out, readers see what they saw before.
    #[deserr(default)]
    #[schema(required = false, nullable = false)]
    pub status: Option<WriteStatus>,
}

/// Changes to an article (merge patch): what is left out stays, null removes.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct ArticlePatchIn {
    /// The headline.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 300, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "A walk through the old harbour")]
    pub title: Kept<Title>,
    /// The slug. One that readers used redirects to the new one once that is published.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "the-old-harbour")]
    pub slug: Kept<Slug>,
    /// The second headline.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 500, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Cranes and gulls")]
    pub subtitle: Patch<Subtitle>,
    /// The teaser; null makes it from the text again.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 2_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "What is left.")]
    pub excerpt: Patch<Excerpt>,
    /// The text, as Markdown.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 1_000_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$", example = "The cranes stood *still*.")]
    pub body_markdown: Kept<Body>,
    /// The authors, in order; at most 50.
    #[deserr(default)]
    #[schema(value_type = Vec<BylineAuthorIn>, required = false, nullable = false, max_items = 50)]
    pub authors: Kept<Vec<BylineAuthorIn>>,
    /// The line to show in place of the names of the authors.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 300, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "By our correspondents")]
    pub byline: Patch<BylineText>,
    /// The slug of a section that exists.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "local")]
    pub section: Patch<Slug>,
    /// The names of the tags, in order; at most 50. Tags that do not exist are made.
    #[deserr(default)]
    #[schema(value_type = Vec<String>, required = false, nullable = false, max_items = 50, example = json!(["Harbours", "Gulls"]))]
    pub tags: Kept<Vec<TagName>>,
    /// The place in a series; null takes the article out of it.
    #[deserr(default)]
    #[schema(value_type = ArticleSeriesIn, required = false, nullable = false)]
    pub series: Patch<ArticleSeriesIn>,
    /// The ids of related articles, in order; at most 20.
    #[deserr(default)]
    #[schema(value_type = Vec<Uuid>, required = false, nullable = false, max_items = 20)]
    pub related: Kept<Vec<UuidText>>,
    /// The language tag (BCP 47).
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 2, max_length = 35, pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", example = "en")]
    pub lang: Patch<LanguageTag>,
    /// The id of the article that this one is a translation of.
    #[deserr(default)]
    #[schema(value_type = Option<Uuid>, required = false)]
    pub translation_of: Patch<UuidText>,
    /// The address of the original: an http or https address.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, max_length = 2_000, pattern = "^https?://[^\\s/?#]+", example = "https://example.org/original")]
    pub canonical_url: Patch<WebAddress>,
    /// The picture above the text; null removes it.
    #[deserr(default)]
    #[schema(value_type = CoverPatchIn, required = false, nullable = false)]
    pub cover: Patch<CoverPatchIn>,
    /// What search engines and social networks are told; null tells nothing of its own.
    #[deserr(default)]
    #[schema(value_type = SeoPatchIn, required = false, nullable = false)]
    pub seo: Patch<SeoPatchIn>,
    /// The fields of the site, member by member; null removes all.
    #[deserr(default)]
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>, required = false, nullable = false)]
    pub custom: Patch<CustomObject>,
    /// The name of the article in another system; null removes it.
    #[deserr(default)]
    #[schema(value_type = ExternalIdIn, required = false, nullable = false)]
    pub external_id: Patch<ExternalIdIn>,
    /// The date that readers see; not in the future. Null dates it by its next publication.
    #[deserr(default)]
    #[schema(value_type = Option<DateTime<Utc>>, required = false, example = "2026-03-01T12:00:00.000Z")]
    pub published_at: Patch<TimeText>,
}

/// The last place in a series.
pub const MAX_SERIES_POSITION: i32 = 100_000;

/// A place in a series: 1 to 100,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesPosition(i32);

impl<E: deserr::DeserializeError> Deserr<E> for SeriesPosition {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        location: deserr::ValuePointerRef<'_>,
    ) -> Result<Self, E> {
        match i32::deserialize_from_value(value, location)? {
            position @ 1..=MAX_SERIES_POSITION => Ok(Self(position)),
            position => Err(deserr::take_cf_content(E::error::<V>(
                None,
                deserr::ErrorKind::Unexpected {
                    msg: format!("{position} is not a place from 1 to {MAX_SERIES_POSITION}"),
                },
                location,
            ))),
        }
    }
}

/// The byline that a request sets.
///
/// # Errors
/// A fault for every entry that names nobody, or somebody in two ways.
pub fn byline_entries(authors: Vec<BylineAuthorIn>) -> Result<Vec<BylineEntry>, InputFaults> {
    InputFaults::at_most("/authors", MAX_AUTHORS, authors)?
        .into_iter()
        .enumerate()
        .map(|(index, author)| byline_entry(index, author))
        .collect()
}

fn byline_entry(index: usize, entry: BylineAuthorIn) -> Result<BylineEntry, InputFaults> {
    let BylineAuthorIn { slug, name, bio, role } = entry;
    let pointer = format!("/authors/{index}");
    let author = match (slug, name, bio) {
        (Some(slug), None, None) => BylineName::Slug(slug),
        (None, Some(name), bio) => match Slug::of(name.as_str()) {
            Some(slug) => BylineName::Named {
                name,
                slug,
                bio,
                url: None,
            },
            None => {
                return Err(InputFaults::at(
                    &format!("{pointer}/name"),
                    "invalid",
                    "no slug can be made from this name; create the author with a slug first and name it here by that",
                ));
            }
        },
        (Some(_), None, Some(_)) => {
            return Err(InputFaults::at(
                &format!("{pointer}/bio"),
                "unexpected",
                "a bio goes with a name; the bio of an author who exists is changed at /v1/editorial/authors",
            ));
        }
        (Some(_), Some(_), _) => return Err(slug_or_name(&pointer, "both")),
        (None, None, _) => return Err(slug_or_name(&pointer, "neither")),
    };
    let role = role.unwrap_or_else(BylineRole::author);
    Ok(BylineEntry { author, role })
}

fn slug_or_name(pointer: &str, found: &str) -> InputFaults {
    InputFaults::at(
        pointer,
        "slug-or-name",
        format!("give either slug or name; there is {found}"),
    )
}

/// A replacement as an edit: what the body leaves out is removed, but for the slug and the date, which stay.
///
/// # Errors
/// What [`byline_entries`] gives, lists that are too long, and a date in the future.
pub fn replacement(input: ArticleIn, text: ArticleText, now: DateTime<Utc>) -> Result<ArticleEdit, InputFaults> {
    let ArticleIn {
        title,
        slug,
        subtitle,
        excerpt,
        body_markdown: _,
        authors,
        byline,
        section,
        tags,
        series,
        related,
        lang,
        translation_of,
        canonical_url,
        cover,
        seo,
        custom,
        external_id,
        published_at,
        status: _,
    } = input;
    Ok(ArticleEdit {
        title: Some(title),
        slug,
        subtitle: Patch::replacing(subtitle),
        excerpt: Patch::replacing(excerpt),
        text: Some(text),
        authors: Some(byline_entries(authors)?),
        byline: Patch::replacing(byline),
        section: Patch::replacing(section),
        tags: Some(bounded_tags(tags)?),
        series: Patch::replacing(series.map(series_entry)),
        related: Some(bounded_related(related)?),
        lang: Patch::replacing(lang),
        translation_of: Patch::replacing(translation_of.map(|original| original.0)),
        canonical_url: Patch::replacing(canonical_url),
        cover: Patch::replacing(cover.map(new_cover)),
        seo: Patch::replacing(seo.map(new_seo)),
        custom: CustomEdit::Replace(custom.map(CustomObject::into_map).unwrap_or_default()),
        external_id: Patch::replacing(external_id.map(external_name)),
        // The date of first publication is history, and a replacement that does not speak of it does not change it.
        published_at: not_in_future(published_at.map_or(Patch::Absent, Patch::Value), now)?,
        extra: None,
    })
}

/// A merge patch as an edit.
///
/// # Errors
/// What [`byline_entries`] gives, lists that are too long, and a date in the future.
pub fn patch_edit(
    input: ArticlePatchIn,
    text: Option<ArticleText>,
    now: DateTime<Utc>,
) -> Result<ArticleEdit, InputFaults> {
    let ArticlePatchIn {
        title,
        slug,
        subtitle,
        excerpt,
        body_markdown: _,
        authors,
        byline,
        section,
        tags,
        series,
        related,
        lang,
        translation_of,
        canonical_url,
        cover,
        seo,
        custom,
        external_id,
        published_at,
    } = input;
    Ok(ArticleEdit {
        title: title.0,
        slug: slug.0,
        subtitle,
        excerpt,
        text,
        authors: authors.0.map(byline_entries).transpose()?,
        byline,
        section,
        tags: tags.0.map(bounded_tags).transpose()?,
        series: series.map(series_entry),
        related: related.0.map(bounded_related).transpose()?,
        lang,
        translation_of: translation_of.map(|original| original.0),
        canonical_url,
        cover: cover.map(changed_cover),
        seo: seo.map(changed_seo),
        custom: match custom {
            Patch::Absent => CustomEdit::Unchanged,
            Patch::Null => CustomEdit::Replace(serde_json::Map::new()),
            Patch::Value(fields) => CustomEdit::Merge(fields.into_map()),
        },
        external_id: external_id.map(external_name),
        published_at: not_in_future(published_at, now)?,
        extra: None,
    })
}

fn bounded_tags(tags: Vec<TagName>) -> Result<Vec<TagName>, InputFaults> {
    InputFaults::at_most("/tags", MAX_TAGS, tags)
}

/// Related articles, each named once.
fn bounded_related(related: Vec<UuidText>) -> Result<Vec<Uuid>, InputFaults> {
    let mut ids: Vec<Uuid> = Vec::new();
    for UuidText(id) in InputFaults::at_most("/related", MAX_RELATED, related)? {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

fn series_entry(series: ArticleSeriesIn) -> SeriesEntry {
    let ArticleSeriesIn { slug, position } = series;
    SeriesEntry {
        slug,
        position: position.0,
    }
}

fn new_cover(cover: CoverIn) -> CoverEdit {
    let CoverIn {
        url,
        alt,
        caption,
        credit,
    } = cover;
    CoverEdit {
        url: Some(url),
        alt: Patch::replacing(alt),
        caption: Patch::replacing(caption),
        credit: Patch::replacing(credit),
    }
}

fn changed_cover(cover: CoverPatchIn) -> CoverEdit {
    let CoverPatchIn {
        url,
        alt,
        caption,
        credit,
    } = cover;
    CoverEdit {
        url: url.0,
        alt,
        caption,
        credit,
    }
}

fn new_seo(seo: SeoIn) -> SeoEdit {
    let SeoIn {
        title,
        description,
        noindex,
        social_image,
    } = seo;
    SeoEdit {
        title: Patch::replacing(title),
        description: Patch::replacing(description),
        noindex: Some(noindex.unwrap_or_default()),
        social_image: Patch::replacing(social_image),
    }
}

fn changed_seo(seo: SeoPatchIn) -> SeoEdit {
    let SeoPatchIn {
        title,
        description,
        noindex,
        social_image,
    } = seo;
    SeoEdit {
        title,
        description,
        noindex: noindex.0,
        social_image,
    }
}

fn external_name(name: ExternalIdIn) -> ExternalId {
    let ExternalIdIn { source, id } = name;
    ExternalId {
        source: source.into_string(),
        id: id.into_string(),
    }
}

fn not_in_future(date: Patch<TimeText>, now: DateTime<Utc>) -> Result<Patch<DateTime<Utc>>, InputFaults> {
    match date {
        Patch::Value(TimeText(date)) if date > now => Err(InputFaults::at(
            "/published_at",
            "in-future",
            "the date lies in the future; leave it out to publish now, and use …/schedule to publish later",
        )),
        date => Ok(date.map(|TimeText(date)| date)),
    }
}
