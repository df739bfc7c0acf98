//! Rows of the history of an article.

use diesel::{Insertable, Queryable, Selectable};

use crate::articles::article::{ArticleRow, Belongings, Save};
use crate::articles::content::ArticleContent;
use crate::articles::merge::{ContentField, changed_fields};
use crate::database::ids::RowId;
use crate::database::schema::revisions;
use crate::database::timestamp::RowTime;

/// A row of `revisions`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = revisions)]
pub struct RevisionRow {
    /// The article.
    pub article_id: RowId,
    /// The number. Numbers grow; those of autosaves that were folded are left out.
    pub revision: i32,
    /// What kind of save it was; see [`SaveKind`](crate::articles::article::SaveKind).
    pub kind: String,
    /// The headline, for lists.
    pub title: String,
    /// What the editor said about it.
    pub message: Option<String>,
    /// The fields that differ from the revision before: a JSON array of their names.
    pub changed_fields: String,
    /// When it was saved.
    pub saved_at: RowTime,
    /// The account that saved it.
    pub saved_by: RowId,
    /// When the run of autosaves began that this one ends; else when it was saved.
    pub began_at: RowTime,
    /// What the article said: [`ArticleContent`] as JSON.
    pub content: String,
}

/// The columns of `revisions` that a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = revisions)]
pub struct RevisionSummaryRow {
    /// The number.
    pub revision: i32,
    /// What kind of save it was.
    pub kind: String,
    /// The headline.
    pub title: String,
    /// What the editor said about it.
    pub message: Option<String>,
    /// The fields that differ from the revision before: a JSON array of their names.
    pub changed_fields: String,
    /// When it was saved.
    pub saved_at: RowTime,
    /// The account that saved it.
    pub saved_by: RowId,
}

/// A revision that is compared with another one.
#[derive(Debug, Clone)]
pub struct ComparedRevision {
    /// The number.
    pub revision: i32,
    /// What the article said.
    pub content: ArticleContent,
    /// What it belonged to, as that is called now.
    pub belongings: Belongings,
}

impl RevisionRow {
    /// The row of the save that made `row` what it is.
    #[must_use]
    pub fn of(row: &ArticleRow, content: &ArticleContent, changed: &[ContentField], save: Save) -> Self {
        Self {
            article_id: row.id,
            revision: row.revision,
            kind: save.kind.as_str().to_owned(),
            title: row.title.clone(),
            message: save.message.map(crate::articles::article::RevisionMessage::into_string),
            changed_fields: field_names(changed),
            saved_at: row.updated_at,
            saved_by: row.updated_by,
            began_at: row.updated_at,
            content: content.to_json(),
        }
    }

    /// The same save in place of the one before it of the same run. `earlier` is what the article said before the run, if
    /// it said anything.
    #[must_use]
    pub fn standing_for(self, run: Self, earlier: Option<&ArticleContent>) -> Self {
        let content = ArticleContent::from_json(&self.content);
        let changed = match (earlier, &content) {
            (Some(earlier), Some(content)) => changed_fields(earlier, content),
            _ => Vec::new(),
        };
        Self {
            began_at: run.began_at,
            message: self.message.or(run.message),
            changed_fields: field_names(&changed),
            ..self
        }
    }
}

fn field_names(fields: &[ContentField]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
    serde_json::Value::from(names).to_string()
}
