//! Documents as text again: the neutral model to Markdown with front matter, and to plain text.
//!
//! Pure functions. What [`markdown`] writes [`super::front_matter::read`] reads back to the same model, but for what
//! Markdown has no place for: the pages of commenters, and whether an entry of a thread is a notice of another page.
//! What [`plain_text`] writes is for people; the reader finds title, byline, text and comments in it again.

use super::Document;

mod markdown;
mod plain_text;

#[cfg(test)]
mod tests;

pub use markdown::UnwritableFrontMatter;

/// The document as Markdown with a front matter in YAML.
///
/// # Errors
/// [`UnwritableFrontMatter`] when a value has no form in YAML, which is a defect.
pub fn markdown(document: &Document) -> Result<String, UnwritableFrontMatter> {
    markdown::render(document)
}

/// The document as plain text: title, byline, paragraphs, the notes about the authors, comments, closing.
#[must_use]
pub fn plain_text(document: &Document) -> String {
    plain_text::render(document)
}

/// How many comments stand above each comment, from 0.
fn depths(document: &Document) -> Vec<usize> {
    let mut depths: Vec<usize> = Vec::with_capacity(document.comments.len());
    for comment in &document.comments {
        let above = comment.parent.and_then(|parent| depths.get(parent));
        depths.push(above.map_or(0, |above| above.saturating_add(1)));
    }
    depths
}
