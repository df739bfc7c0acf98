//! The fixed phrases of web pages: headings, closings, controls, footers, and how a text escapes them.

use super::byline;
use super::comments::starts;
use super::lines::shape;
use crate::documents::dates::Moment;

const NUMBER_WORDS: [&str; 13] = [
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
];

const CLOSINGS: [&str; 7] = [
    "comments are closed",
    "comments closed",
    "comments are now closed",
    "comments are disabled",
    "comments on this entry are closed",
    "comments for this post are closed",
    "comments have been closed",
];

const CONTROLS: [&str; 19] = [
    "reply",
    "log in to reply",
    "login to reply",
    "log in to leave a comment",
    "you must be logged in to post a comment",
    "you must be logged in to reply",
    "permalink",
    "(edit)",
    "loading",
    "cancel reply",
    "post comment",
    "comment *",
    "name *",
    "email *",
    "website",
    "required fields are marked *",
    "your comment is awaiting moderation",
    "notify me of follow-up comments by email",
    "notify me of new posts by email",
];

const CONTROL_BEGINNINGS: [&str; 4] = [
    "your email address will not be published",
    "save my name, email",
    "\u{2190} older comments",
    "newer comments \u{2192}",
];

const FOOTERS: [&str; 2] = ["this entry was posted ", "bookmark the permalink"];

/// These may also begin a sentence, so a line with a full stop at its end is none.
const TAXONOMY_FOOTERS: [&str; 2] = ["posted in ", "filed under "];

/// The heading of a comment section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommentHeading {
    /// It says how many comments there are.
    Counted(u32),
    /// `Comments`, without a number.
    Uncounted,
    /// `Leave a Reply`: the heading of the form below the comments, or of a page without comments.
    Form,
}

/// Whether the whole line is the heading of a comment section. The title helps with `2 Responses to TITLE`.
pub(super) fn comment_heading(line: &str, title: &str) -> Option<CommentHeading> {
    let line = shape(line).to_lowercase();
    match line.trim_end_matches(':') {
        "comments" => return Some(CommentHeading::Uncounted),
        "leave a reply" | "leave a comment" | "leave a response" | "leave a reply cancel reply" => {
            return Some(CommentHeading::Form);
        }
        _ => {}
    }
    let line = line.trim_end_matches(':');
    if let Some(inner) = line.strip_prefix("comments (").and_then(|rest| rest.strip_suffix(')')) {
        return count(inner).map(CommentHeading::Counted);
    }
    let (number, rest) = line.split_once(' ')?;
    let number = count(number)?;
    let of_title = ["comment", "response", "reply", "thought"].iter().any(|noun| {
        let plural = if *noun == "reply" {
            "replies".to_owned()
        } else {
            format!("{noun}s")
        };
        let rest = rest.strip_prefix(&plural).or_else(|| rest.strip_prefix(noun));
        rest.is_some_and(|rest| names_article(rest, noun, title))
    });
    of_title.then_some(CommentHeading::Counted(number))
}

/// Whether the line says that the thread takes no comments.
pub(super) fn is_closing(line: &str) -> bool {
    let line = shape(line).to_lowercase();
    CLOSINGS.contains(&line.trim_end_matches(['.', '!']))
}

/// Whether a footer sentence says that the thread takes no comments.
pub(super) fn closes_in_passing(line: &str) -> bool {
    let line = line.to_lowercase();
    line.contains("comments and pings are currently closed") || line.contains("comments are currently closed")
}

/// Whether the line is a control of the page or a label of its comment form.
pub(super) fn is_control(line: &str) -> bool {
    let line = shape(line).to_lowercase();
    let bare = line.trim_end_matches(['.', '\u{2026}']);
    let is_reply_to = line.starts_with("reply to ") && !line.ends_with('.') && line.split(' ').count() <= 5;
    CONTROLS.contains(&bare)
        || is_reply_to
        || is_omission(bare)
        || CONTROL_BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
}

/// Whether the line says how many comments a text that this server wrote leaves out.
fn is_omission(line: &str) -> bool {
    let words = line
        .strip_suffix(" more comments are not shown")
        .or_else(|| line.strip_suffix(" more comment is not shown"));
    words.is_some_and(|number| count(number).is_some())
}

/// Whether the line is the footer that blog software writes below an article.
pub(super) fn is_footer(line: &str) -> bool {
    let line = shape(line).to_lowercase();
    let is_label = TAXONOMY_FOOTERS.iter().any(|beginning| line.starts_with(beginning)) && !line.ends_with('.');
    is_label || FOOTERS.iter().any(|beginning| line.starts_with(beginning))
}

/// Whether the line is a heading above the paragraphs about an author, other than the author's name.
pub(super) fn is_bio_heading(line: &str, authors: &[String]) -> bool {
    let line = shape(line);
    let line = line.trim_end_matches(':');
    let Some(subject) = strip_prefix_in_any_case(line, "about ") else {
        return line.eq_ignore_ascii_case("author bio");
    };
    let of_authors = ["the author", "the authors"]
        .iter()
        .any(|words| subject.eq_ignore_ascii_case(words));
    of_authors || authors.iter().any(|author| is_same_text(author, subject))
}

/// The line without the backslash that kept it from being read as structure; every other backslash is text.
pub(super) fn unescape<'line>(line: &'line str, authors: &[String]) -> &'line str {
    match line.strip_prefix('\\') {
        Some(rest) if is_structure(rest.trim_start_matches('\\'), authors) => rest,
        _ => line,
    }
}

/// Whether two short texts are the same but for case, blanks and the form of quotes.
pub(super) fn is_same_text(left: &str, right: &str) -> bool {
    let left = shape(left);
    !left.is_empty() && left.to_lowercase() == shape(right).to_lowercase()
}

/// What follows an ASCII prefix that stands in any case.
pub(super) fn strip_prefix_in_any_case<'text>(text: &'text str, prefix: &str) -> Option<&'text str> {
    let (beginning, rest) = text.split_at_checked(prefix.len())?;
    beginning.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Whether a line in the right place would be read as structure. A writer puts a backslash before such a line of text.
pub(super) fn is_structure(line: &str, authors: &[String]) -> bool {
    let in_header = byline::read(line).is_some() || Moment::parse(line).is_some();
    let in_bio = is_bio_heading(line, authors) || authors.iter().any(|author| starts_with_word(line, author));
    let in_thread = comment_heading(line, "").is_some() || is_closing(line) || starts::has_form_of_start(line);
    in_header || in_bio || in_thread || is_control(line) || is_footer(line)
}

fn starts_with_word(line: &str, author: &str) -> bool {
    let surname = author.split_whitespace().next_back().unwrap_or_default();
    let line = shape(line);
    [shape(author).as_str(), &shape(surname)]
        .iter()
        .any(|name| !name.is_empty() && line.starts_with(name))
}

fn count(word: &str) -> Option<u32> {
    if let Some(position) = NUMBER_WORDS.iter().position(|name| *name == word) {
        return u32::try_from(position).ok();
    }
    let digits = word.replace(',', "");
    let plain = (1..=7).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// Whether `rest`, the text after `2 Responses`, is nothing or the name of the article. An unquoted name must be the
/// title, or else `Two responses to climate change`, a heading inside an article, would end it.
fn names_article(rest: &str, noun: &str, title: &str) -> bool {
    if rest.is_empty() {
        return noun != "thought";
    }
    let Some(name) = rest.strip_prefix(" to ").or_else(|| rest.strip_prefix(" on ")) else {
        return false;
    };
    let quoted =
        name.starts_with(['"', '\'', '\u{ab}']) && name.ends_with(['"', '\'', '\u{bb}']) && name.chars().count() > 2;
    quoted || is_same_text(name, title)
}
