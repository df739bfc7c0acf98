//! Where a front matter begins and ends.
//!
//! No crate does this for us: `gray_matter` gives no line numbers, wants the two fences to be equal (Jekyll ends a block
//! with `...`) and loses the difference between an empty block and none. The rule is a few lines.

use crate::documents::Fault;

/// A document divided into its front matter and the rest.
pub(super) struct Divided<'text> {
    pub(super) notation: Notation,
    /// The lines of the block, without its fences, by index.
    pub(super) block: std::ops::Range<usize>,
    /// The indexes of the lines that are fences.
    pub(super) fences: Vec<usize>,
    /// The index of the first line below the front matter.
    pub(super) body_start: usize,
    pub(super) lines: Vec<&'text str>,
}

/// How a front matter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    /// Between `---` and `---` or `...`.
    Yaml,
    /// Between `+++` and `+++`.
    Toml,
    /// From a line `{` to a line `}`; both belong to the block.
    Json,
    /// `Key: value` lines without a fence up to the first blank line, as Pelican has them.
    Headers,
    /// There is no front matter.
    None,
}

/// Divides a text.
///
/// # Errors
/// `unclosed-front-matter` when no line ends what the first line begins.
pub(super) fn divide(lines: Vec<&str>) -> Result<Divided<'_>, Fault> {
    let first = lines.first().map_or("", |line| line.trim_end());
    let (notation, ends): (_, &[&str]) = match first {
        "---" => (Notation::Yaml, &["---", "..."]),
        "+++" => (Notation::Toml, &["+++"]),
        "{" => (Notation::Json, &["}"]),
        _ => return Ok(without_fences(lines)),
    };
    let end = lines
        .iter()
        .skip(1)
        .position(|line| ends.contains(&line.trim_end()))
        .map(|position| position + 1);
    let Some(end) = end else {
        let detail = format!(
            "The first line begins a front matter that no line ends; write {} below its last key.",
            ends.concat()
        );
        return match notation {
            Notation::Yaml if !has_key(lines.get(1)) => Ok(without_fences(lines)),
            _ => Err(Fault::at_line(
                1,
                "unclosed-front-matter",
                detail.replace("---...", "---"),
            )),
        };
    };
    let (block, fences) = match notation {
        Notation::Json => (0..end + 1, Vec::new()),
        _ => (1..end, vec![0, end]),
    };
    Ok(Divided {
        notation,
        block,
        fences,
        body_start: end + 1,
        lines,
    })
}

/// A `---` above a text without keys is a thematic break.
fn has_key(line: Option<&&str>) -> bool {
    line.is_some_and(|line| split_header(line).is_some())
}

fn without_fences(lines: Vec<&str>) -> Divided<'_> {
    let end = lines
        .iter()
        .position(|line| line.trim().is_empty())
        .unwrap_or(lines.len());
    let headers = lines.get(..end).unwrap_or_default();
    let names_title = headers
        .first()
        .and_then(|line| split_header(line))
        .is_some_and(|(key, _)| key.eq_ignore_ascii_case("title"));
    let all = headers
        .iter()
        .all(|line| split_header(line).is_some() || line.starts_with("    "));
    if names_title && all {
        return Divided {
            notation: Notation::Headers,
            block: 0..end,
            fences: Vec::new(),
            body_start: end,
            lines,
        };
    }
    Divided {
        notation: Notation::None,
        block: 0..0,
        fences: Vec::new(),
        body_start: 0,
        lines,
    }
}

/// `Key: value`, and `:key: value` as reStructuredText has it.
pub(super) fn split_header(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.strip_prefix(':').unwrap_or(line).split_once(':')?;
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    (!key.is_empty() && key.chars().all(is_word)).then(|| (key, value.trim()))
}
