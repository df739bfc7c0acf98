//! What a list of articles is narrowed to: the names that a request gives, and what they stand for.

use crate::authors::author::{AuthorAudience, AuthorLookup};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::http::input::SlugOrId;
use crate::http::problem::Problem;
use crate::read;
use crate::sections::section::SectionLookup;
use crate::series::series::SeriesLookup;
use crate::state::AppState;
use crate::tags::tag::{TagAudience, TagLookup};

/// What a request narrows a list to.
#[derive(Debug, Clone, Default)]
pub struct FilterNames {
    /// An author of the byline.
    pub author: Option<SlugOrId>,
    /// A section, with all below it.
    pub section: Option<SlugOrId>,
    /// A tag.
    pub tag: Option<SlugOrId>,
    /// A series.
    pub series: Option<SlugOrId>,
}

/// The same as ids. What a name stands for and is not there is the nil id, which nothing has, so that the list is empty.
#[derive(Debug, Clone, Default)]
pub struct FilterIds {
    /// An author of the byline.
    pub author: Option<RowId>,
    /// A section and all below it.
    pub sections: Option<Vec<RowId>>,
    /// A tag.
    pub tag: Option<RowId>,
    /// A series.
    pub series: Option<RowId>,
}

impl FilterNames {
    /// Looks the names up. Former slugs count as the current ones.
    ///
    /// # Errors
    /// What the database gives.
    pub async fn resolve(self, state: &AppState, audience: AuthorAudience) -> Result<FilterIds, Problem> {
        let Self {
            author,
            section,
            tag,
            series,
        } = self;
        Ok(FilterIds {
            author: match author {
                None => None,
                Some(author) => Some(author_id(state, author, audience).await?),
            },
            sections: match section {
                None => None,
                Some(section) => Some(section_ids(state, section).await?),
            },
            tag: match tag {
                None => None,
                Some(tag) => Some(tag_id(state, tag).await?),
            },
            series: match series {
                None => None,
                Some(series) => Some(series_id(state, series).await?),
            },
        })
    }
}

async fn author_id(state: &AppState, author: SlugOrId, audience: AuthorAudience) -> Result<RowId, Problem> {
    let slug = match author {
        SlugOrId::Id(id) => return Ok(RowId(id)),
        SlugOrId::Slug(slug) => slug,
    };
    let found: Result<AuthorLookup, Failure> = read!(&state.database, authors::find_by_slug(slug, audience));
    Ok(match found? {
        AuthorLookup::Found(row) | AuthorLookup::Moved(row) => row.id,
        AuthorLookup::Absent => RowId::default(),
    })
}

async fn section_ids(state: &AppState, section: SlugOrId) -> Result<Vec<RowId>, Problem> {
    let id = match section {
        SlugOrId::Id(id) => RowId(id),
        SlugOrId::Slug(slug) => {
            let found: Result<SectionLookup, Failure> = read!(&state.database, sections::find_by_slug(slug));
            match found? {
                SectionLookup::Found(row) | SectionLookup::Moved(row) => row.id,
                SectionLookup::Absent => RowId::default(),
            }
        }
    };
    let ids: Result<Vec<RowId>, Failure> = read!(&state.database, sections::subtree_ids(id));
    Ok(ids?)
}

async fn tag_id(state: &AppState, tag: SlugOrId) -> Result<RowId, Problem> {
    let found: Result<TagLookup, Failure> = match tag {
        SlugOrId::Id(id) => read!(&state.database, tags::find_by_id(id, TagAudience::Newsroom)),
        SlugOrId::Slug(slug) => read!(&state.database, tags::find_by_slug(slug, TagAudience::Newsroom)),
    };
    Ok(match found? {
        TagLookup::Found(row) | TagLookup::Moved(row) => row.id,
        TagLookup::Absent => RowId::default(),
    })
}

async fn series_id(state: &AppState, series: SlugOrId) -> Result<RowId, Problem> {
    let slug = match series {
        SlugOrId::Id(id) => return Ok(RowId(id)),
        SlugOrId::Slug(slug) => slug,
    };
    let found: Result<SeriesLookup, Failure> = read!(&state.database, series::find_by_slug(slug));
    Ok(match found? {
        SeriesLookup::Found(row) | SeriesLookup::Moved(row) => row.id,
        SeriesLookup::Absent => RowId::default(),
    })
}
