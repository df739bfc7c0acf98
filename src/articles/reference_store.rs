//! Queries about what an article names: authors, section, tags, series, other articles, and the rules of the site.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, authors, media_uses, sections, series, site, tags};
use crate::articles::article::{ArticleFailure, Publication, ReferenceKind};
use crate::articles::content::{ArticleContent, BylineContent, ExternalId, SeriesContent};
use crate::articles::edit::{ArticleEdit, BylineEntry, BylineName, ResolvedReferences, SeriesEntry};
use crate::authors::author::{AuthorAudience, AuthorLookup, AuthorProfile, AuthorRow, AuthorVisibility, NewAuthor};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{
    articles, authors as author_rows, sections as section_rows, series as series_rows, tags as tag_rows,
};
use crate::http::patch::Patch;
use crate::markup::{Policy, Rendered};
use crate::media::uses::{MediaPlace, file_at};
use crate::sections::section::SectionLookup;
use crate::series::series::SeriesLookup;
use crate::site::custom_fields::{CustomFieldsSchema, CustomObject};
use crate::slug::Slug;
use crate::state::Stamp;
use crate::tags::tag::{TagName, TagVisibility};

/// Looks up what an edit names. Authors and tags that are named and are not there yet are made.
pub async fn resolve(
    connection: &mut Connection,
    edit: &ArticleEdit,
    publication: Publication,
    stamp: &Stamp,
) -> Result<ResolvedReferences, ArticleFailure> {
    Ok(ResolvedReferences {
        authors: match edit.authors.clone() {
            None => None,
            Some(entries) => Some(byline(connection, entries, publication, stamp).await?),
        },
        section: match edit.section.clone() {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(slug) => Patch::Value(section(connection, slug).await?),
        },
        tags: match edit.tags.clone() {
            None => None,
            Some(names) => Some(tag_ids(connection, names, stamp).await?),
        },
        series: match edit.series.clone() {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(entry) => Patch::Value(place_in_series(connection, entry).await?),
        },
        translation_of: match edit.translation_of {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(id) => Patch::Value(root_of_translations(connection, id).await?),
        },
    })
}

/// Checks what the next content of an article names and what the site says about its fields, as far as it changed.
pub async fn check(
    connection: &mut Connection,
    article: RowId,
    (current, next): (&ArticleContent, &ArticleContent),
    public_url: &str,
) -> Result<(), ArticleFailure> {
    check_pictures(connection, (current, next), public_url).await?;
    if next.related != current.related {
        check_related(connection, article, &next.related).await?;
    }
    if next.external_id != current.external_id
        && let Some(name) = &next.external_id
    {
        check_external_id(connection, article, name).await?;
    }
    if (&next.translation_of, &next.lang) != (&current.translation_of, &current.lang) {
        check_translation(connection, article, next).await?;
    }
    let is_new = current.title.is_empty();
    match is_new || next.custom != current.custom {
        true => check_custom(connection, next).await,
        false => Ok(()),
    }
}

/// Refuses a picture that is a file of ours and is not there. What an article has already is there: it cannot be removed.
async fn check_pictures(
    connection: &mut Connection,
    (current, next): (&ArticleContent, &ArticleContent),
    public_url: &str,
) -> Result<(), ArticleFailure> {
    let known = pictures(current, public_url);
    let wanted: Vec<(MediaPlace, Uuid)> = pictures(next, public_url)
        .into_iter()
        .filter(|picture| !known.contains(picture))
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let existing = media_uses::existing(connection, &wanted.iter().map(|(_, id)| *id).collect()).await?;
    match wanted.into_iter().find(|(_, id)| !existing.contains(id)) {
        None => Ok(()),
        Some((place, id)) => Err(ArticleFailure::ReferenceUnknown {
            kind: ReferenceKind::Media,
            pointer: match place {
                MediaPlace::SocialImage => "/seo/social_image".to_owned(),
                _ => "/cover/url".to_owned(),
            },
            named: id.to_string(),
        }),
    }
}

/// The files that an article uses beside its text.
fn pictures(content: &ArticleContent, public_url: &str) -> Vec<(MediaPlace, Uuid)> {
    let cover = content.cover.as_ref().map(|cover| cover.url.as_str());
    let pictures = [
        (MediaPlace::Cover, cover),
        (MediaPlace::SocialImage, content.seo.social_image.as_deref()),
    ];
    let ours = pictures
        .into_iter()
        .filter_map(|(place, url)| Some((place, file_at(url?, public_url)?)));
    ours.collect()
}

/// The same content without the authors, tags, sections, series and pictures that are gone. The text stays as it is: what it
/// shows and what is gone is told by preflight.
pub async fn without_what_is_gone(
    connection: &mut Connection,
    mut content: ArticleContent,
    public_url: &str,
) -> Result<ArticleContent, ArticleFailure> {
    let pictures = pictures(&content, public_url);
    if !pictures.is_empty() {
        let existing = media_uses::existing(connection, &pictures.iter().map(|(_, id)| *id).collect()).await?;
        for (place, _) in pictures.into_iter().filter(|(_, id)| !existing.contains(id)) {
            match place {
                MediaPlace::SocialImage => content.seo.social_image = None,
                _ => content.cover = None,
            }
        }
    }
    let authors: Vec<RowId> = content.authors.iter().map(|entry| RowId(entry.author)).collect();
    if !authors.is_empty() {
        let known: Vec<RowId> = author_rows::table
            .filter(author_rows::id.eq_any(authors))
            .select(author_rows::id)
            .load(connection)
            .await?;
        content.authors.retain(|entry| known.contains(&RowId(entry.author)));
    }
    content.tags = living_tags(connection, &content.tags).await?;
    if let Some(id) = content.section {
        let known: Option<RowId> = section_rows::table
            .find(RowId(id))
            .select(section_rows::id)
            .first(connection)
            .await
            .optional()?;
        content.section = known.map(|section| section.0);
    }
    if let Some(place) = content.series {
        let known: Option<RowId> = series_rows::table
            .find(RowId(place.series))
            .select(series_rows::id)
            .first(connection)
            .await
            .optional()?;
        content.series = known.map(|_| place);
    }
    content.related = known_articles(connection, &content.related).await?;
    if let Some(original) = content.translation_of {
        content.translation_of = living_root(connection, RowId(original)).await?;
    }
    Ok(content)
}

/// What is the root of some translations now: it may be a translation itself by now, or be gone while its translations
/// still belong together.
async fn living_root(connection: &mut Connection, original: RowId) -> Result<Option<Uuid>, Failure> {
    if let Some(root) = find_root_of_translations(connection, original.0).await? {
        return Ok(Some(root));
    }
    let follower: Option<RowId> = articles::table
        .filter(articles::translation_of.eq(original))
        .select(articles::id)
        .first(connection)
        .await
        .optional()?;
    Ok(follower.map(|_| original.0))
}

async fn living_tags(connection: &mut Connection, wanted: &[Uuid]) -> Result<Vec<Uuid>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<RowId> = wanted.iter().copied().map(RowId).collect();
    let rows: Vec<(RowId, Option<RowId>)> = tag_rows::table
        .filter(tag_rows::id.eq_any(ids))
        .select((tag_rows::id, tag_rows::merged_into))
        .load(connection)
        .await?;
    let mut living: Vec<Uuid> = Vec::new();
    for id in wanted {
        let row = rows.iter().find(|(tag, _)| tag.0 == *id);
        if let Some(tag) = row.map(|(tag, target)| target.unwrap_or(*tag).0)
            && !living.contains(&tag)
        {
            living.push(tag);
        }
    }
    Ok(living)
}

/// Those of some articles that are there, in their order.
async fn known_articles(connection: &mut Connection, wanted: &[Uuid]) -> Result<Vec<Uuid>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<RowId> = wanted.iter().copied().map(RowId).collect();
    let known: Vec<RowId> = articles::table
        .filter(articles::id.eq_any(ids))
        .select(articles::id)
        .load(connection)
        .await?;
    Ok(wanted
        .iter()
        .copied()
        .filter(|id| known.contains(&RowId(*id)))
        .collect())
}

async fn section(connection: &mut Connection, slug: Slug) -> Result<Uuid, ArticleFailure> {
    match sections::find_by_slug(connection, slug.clone()).await? {
        SectionLookup::Found(row) | SectionLookup::Moved(row) => Ok(row.id.0),
        SectionLookup::Absent => Err(ArticleFailure::ReferenceUnknown {
            kind: ReferenceKind::Section,
            pointer: "/section".to_owned(),
            named: slug.into_string(),
        }),
    }
}

async fn place_in_series(connection: &mut Connection, entry: SeriesEntry) -> Result<SeriesContent, ArticleFailure> {
    let SeriesEntry { slug, position } = entry;
    match series::find_by_slug(connection, slug.clone()).await? {
        SeriesLookup::Found(row) | SeriesLookup::Moved(row) => Ok(SeriesContent {
            series: row.id.0,
            position,
        }),
        SeriesLookup::Absent => Err(ArticleFailure::ReferenceUnknown {
            kind: ReferenceKind::Series,
            pointer: "/series/slug".to_owned(),
            named: slug.into_string(),
        }),
    }
}

/// Tags that a save makes are seen by readers with the first published article that has them.
async fn tag_ids(connection: &mut Connection, names: Vec<TagName>, stamp: &Stamp) -> Result<Vec<Uuid>, ArticleFailure> {
    let ids = tags::named(connection, names, TagVisibility::WithFirstArticle, stamp).await?;
    Ok(ids.into_iter().map(|id| id.0).collect())
}

/// The root of the translations that an article belongs to, if the article is there.
async fn find_root_of_translations(connection: &mut Connection, id: Uuid) -> Result<Option<Uuid>, Failure> {
    let original: Option<(RowId, Option<RowId>)> = articles::table
        .find(RowId(id))
        .select((articles::id, articles::translation_of))
        .first(connection)
        .await
        .optional()?;
    Ok(original.map(|(original, root)| root.unwrap_or(original).0))
}

async fn root_of_translations(connection: &mut Connection, id: Uuid) -> Result<Uuid, ArticleFailure> {
    match find_root_of_translations(connection, id).await? {
        Some(root) => Ok(root),
        None => Err(ArticleFailure::ReferenceUnknown {
            kind: ReferenceKind::TranslationOf,
            pointer: "/translation_of".to_owned(),
            named: id.to_string(),
        }),
    }
}

async fn check_related(connection: &mut Connection, article: RowId, related: &[Uuid]) -> Result<(), ArticleFailure> {
    let known = known_articles(connection, related).await?;
    let is_wrong = |id: &Uuid| *id == article.0 || !known.contains(id);
    match related.iter().enumerate().find(|(_, id)| is_wrong(id)) {
        None => Ok(()),
        Some((index, id)) => Err(ArticleFailure::ReferenceUnknown {
            kind: match *id == article.0 {
                true => ReferenceKind::RelatedToItself,
                false => ReferenceKind::Related,
            },
            pointer: format!("/related/{index}"),
            named: id.to_string(),
        }),
    }
}

async fn check_external_id(
    connection: &mut Connection,
    article: RowId,
    name: &ExternalId,
) -> Result<(), ArticleFailure> {
    let holder: Option<RowId> = articles::table
        .filter(articles::external_source.eq(name.source.clone()))
        .filter(articles::external_id.eq(name.id.clone()))
        .filter(articles::id.ne(article))
        .select(articles::id)
        .first(connection)
        .await
        .optional()?;
    match holder {
        None => Ok(()),
        Some(holder) => Err(ArticleFailure::ExternalIdTaken {
            conflicting_id: holder.0,
        }),
    }
}

/// A group of translations has one article in each language, and its root is no translation itself.
async fn check_translation(
    connection: &mut Connection,
    article: RowId,
    next: &ArticleContent,
) -> Result<(), ArticleFailure> {
    let root = match next.translation_of {
        Some(root) => RowId(root),
        None => article,
    };
    if next.translation_of.is_some() {
        let followers: Option<RowId> = articles::table
            .filter(articles::translation_of.eq(article))
            .select(articles::id)
            .first(connection)
            .await
            .optional()?;
        if root == article || followers.is_some() {
            return Err(ArticleFailure::ReferenceUnknown {
                kind: ReferenceKind::TranslationRoot,
                pointer: "/translation_of".to_owned(),
                named: root.0.to_string(),
            });
        }
        // Two translations of one original wait for each other here, so that both cannot take one language.
        let held: Option<Option<RowId>> = diesel::update(articles::table.find(root))
            .set(articles::revision.eq(articles::revision))
            .returning(articles::translation_of)
            .get_result(connection)
            .await
            .optional()?;
        if held.flatten().is_some() {
            return Err(Failure::Busy("the original became a translation in this moment".into()).into());
        }
    }
    let Some(lang) = next.lang.clone() else {
        return Ok(());
    };
    let is_of_group = articles::translation_of.eq(root).or(articles::id.nullable().eq(root));
    let others: Vec<(RowId, Option<String>)> = articles::table
        .filter(is_of_group)
        .filter(articles::id.ne(article))
        .order(articles::id.asc())
        .select((articles::id, articles::lang))
        .load(connection)
        .await?;
    // Tags of languages mean the same in capitals (BCP 47, section 2.1.1).
    let is_taken = |taken: &Option<String>| taken.as_ref().is_some_and(|taken| taken.eq_ignore_ascii_case(&lang));
    match others.into_iter().find(|(_, taken)| is_taken(taken)) {
        None => Ok(()),
        Some((other, _)) => Err(ArticleFailure::TranslationTaken {
            conflicting_id: other.0,
        }),
    }
}

/// A patch adds to the fields that there are, so that the limits are those of what becomes of both.
async fn check_custom(connection: &mut Connection, next: &ArticleContent) -> Result<(), ArticleFailure> {
    CustomObject::new(next.custom.clone()).map_err(ArticleFailure::CustomFields)?;
    let site = site::load(connection).await?;
    let Some(schema) = site.custom_fields_schema else {
        return Ok(());
    };
    let damaged = |reason: String| Failure::Internal(format!("the schema of custom fields is damaged: {reason}"));
    let schema: serde_json::Value = serde_json::from_str(&schema).map_err(|error| damaged(error.to_string()))?;
    CustomFieldsSchema::compile(&schema)
        .map_err(|fault| damaged(fault.to_string()))?
        .check(&next.custom)
        .map_err(ArticleFailure::CustomFields)
}

async fn byline(
    connection: &mut Connection,
    entries: Vec<BylineEntry>,
    publication: Publication,
    stamp: &Stamp,
) -> Result<Vec<BylineContent>, ArticleFailure> {
    let mut byline: Vec<BylineContent> = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let BylineEntry { author, role } = entry;
        let author = match author {
            BylineName::Slug(slug) => known_author(connection, index, slug).await?,
            BylineName::Named { name, slug, bio, url } => {
                let bio = bio.map(|bio| Rendered::new(bio.into_string(), Policy::Bio));
                let new = NewAuthor {
                    id: stamp.new_id(),
                    name,
                    slug,
                    bio,
                    url,
                    profile: AuthorProfile::default(),
                    visibility: AuthorVisibility::WithFirstArticle,
                };
                named_author(connection, new, publication, stamp).await?
            }
        };
        let entry = BylineContent {
            author: author.0,
            role: role.into_string(),
        };
        // Somebody may stand in a byline twice, once for each thing they did.
        if !byline.contains(&entry) {
            byline.push(entry);
        }
    }
    Ok(byline)
}

async fn known_author(connection: &mut Connection, index: usize, slug: Slug) -> Result<RowId, ArticleFailure> {
    match author_with_slug(connection, &slug).await? {
        Some(author) => Ok(author.id),
        None => Err(ArticleFailure::AuthorUnknown { index, slug }),
    }
}

/// The author with the slug of a name, made if there is none. A bio is given only to one who has none: what is told about
/// somebody is never overwritten by the way.
async fn named_author(
    connection: &mut Connection,
    new: NewAuthor,
    publication: Publication,
    stamp: &Stamp,
) -> Result<RowId, ArticleFailure> {
    let Some(author) = author_with_slug(connection, &new.slug).await? else {
        return Ok(authors::create(connection, new, stamp.clone()).await?.id);
    };
    // What readers see of an author changes with a publication, never with a draft.
    let may_show = !author.is_public || publication.is_asked_for();
    if let Some(bio) = new.bio.filter(|_| may_show && author.bio_markdown.is_none()) {
        authors::give_bio(connection, &author, bio, stamp).await?;
    }
    Ok(author.id)
}

/// The author who has a slug, or had it before a change.
async fn author_with_slug(connection: &mut Connection, slug: &Slug) -> Result<Option<AuthorRow>, Failure> {
    match authors::find_by_slug(connection, slug.clone(), AuthorAudience::Newsroom).await? {
        AuthorLookup::Found(author) | AuthorLookup::Moved(author) => Ok(Some(author)),
        AuthorLookup::Absent => Ok(None),
    }
}
