//! Plain text to Markdown that renders as exactly the same text.
//!
//! The escapes are enough for `CommonMark` with strikethrough, tables and footnotes. Block marks are broken at the first
//! character of a line; inline marks are escaped wherever they stand.

/// What a line end inside a paragraph becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineBreaks {
    /// A blank for the reader: the lines were folded at a width and mean nothing.
    Soft,
    /// A new line for the reader: somebody ended the line there on purpose.
    Hard,
}

/// No character reference is longer than this many characters, the `&` not counted.
const LONGEST_REFERENCE: usize = 40;

/// One paragraph of Markdown from lines of plain text, none of which is blank.
pub fn paragraph<'line>(lines: impl IntoIterator<Item = &'line str>, breaks: LineBreaks) -> String {
    let separator = match breaks {
        LineBreaks::Soft => "\n",
        LineBreaks::Hard => "\\\n",
    };
    let mut markdown = String::new();
    for line in lines {
        if !markdown.is_empty() {
            markdown.push_str(separator);
        }
        push_line(&mut markdown, line);
    }
    markdown
}

/// One line of plain text as the inline Markdown of a paragraph.
#[must_use]
pub fn line(text: &str) -> String {
    let mut markdown = String::with_capacity(text.len());
    push_line(&mut markdown, text);
    markdown
}

fn push_line(markdown: &mut String, text: &str) {
    let text = text.trim_end_matches([' ', '\t']);
    let rest = push_line_start(markdown, text);
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        let escaped = match character {
            '\\' | '`' | '*' | '_' | '[' | '<' | '~' => true,
            '&' => begins_reference(characters.as_str()),
            _ => false,
        };
        if escaped {
            markdown.push('\\');
        }
        markdown.push(character);
    }
}

/// Writes what would be read as a block mark, or cut off as indentation, and returns what follows it.
fn push_line_start<'text>(markdown: &mut String, text: &'text str) -> &'text str {
    if let Some(rest) = text.strip_prefix(' ') {
        markdown.push_str("&#32;");
        return rest;
    }
    if let Some(rest) = text.strip_prefix('\t') {
        markdown.push_str("&#9;");
        return rest;
    }
    if text.starts_with(['#', '>', '-', '+', '=', '|', ':']) {
        markdown.push('\\');
        return text;
    }
    let after_digits = text.trim_start_matches(|character: char| character.is_ascii_digit());
    match text.strip_suffix(after_digits) {
        Some(digits) if !digits.is_empty() && after_digits.starts_with(['.', ')']) => {
            markdown.push_str(digits);
            markdown.push('\\');
            after_digits
        }
        _ => text,
    }
}

/// Whether `rest`, the text after an `&`, makes a character reference of it.
fn begins_reference(rest: &str) -> bool {
    let end = rest
        .chars()
        .take(LONGEST_REFERENCE)
        .find(|character| !character.is_ascii_alphanumeric() && *character != '#');
    end == Some(';')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    use super::*;

    /// The text that a reader of the rendered Markdown sees, one string a paragraph; panics on anything but text.
    fn rendered(markdown: &str) -> Vec<String> {
        let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES;
        let mut paragraphs = Vec::new();
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Start(Tag::Paragraph) => paragraphs.push(String::new()),
                Event::Text(text) => paragraphs.last_mut().unwrap().push_str(&text),
                Event::SoftBreak | Event::HardBreak => paragraphs.last_mut().unwrap().push('\n'),
                Event::End(TagEnd::Paragraph) => {}
                other => panic!("{other:?} in {markdown:?}"),
            }
        }
        paragraphs
    }

    fn comes_back(lines: &[&str]) {
        for breaks in [LineBreaks::Soft, LineBreaks::Hard] {
            let markdown = paragraph(lines.iter().copied(), breaks);
            assert_eq!(rendered(&markdown), vec![lines.join("\n")], "{markdown:?}");
        }
    }

    #[test]
    fn marks_of_every_kind_come_back_as_text() {
        for text in [
            "# not a heading",
            "1. not a list",
            "1986. A good year",
            "2) neither",
            "- no",
            "+ no",
            "* no",
            "***",
            "---",
            "===",
            "> no quote",
            "```rust",
            "~~~",
            "~~no~~ ~x~",
            "a *b* _c_ **d** `e` \\*f\\* back\\",
            "[link](https://example.org) ![image](x) [^note] [ref]: x",
            "[ref]: https://example.org",
            "<b>bold</b> <https://example.org> <!-- x --> 1 < 2 > 0",
            "AT&T &amp; &#65; &copy; & &nosuch; fish&chips;",
            "| a | b |",
            "    indented like code",
            "\ttab first and\ttab inside",
            "two  blanks   inside",
            ": no definition",
            "a\u{a0}b\u{a0}",
            "\u{a0}leading no-break",
        ] {
            comes_back(&[text]);
        }
    }

    #[test]
    fn marks_that_need_two_lines_come_back_as_text() {
        for lines in [
            ["a", "---"],
            ["a", "==="],
            ["| a |", "|---|"],
            ["a | b", "--|--"],
            ["a", ":-:"],
            ["a  ", "b"],
            ["a", "2. b"],
        ] {
            let trimmed: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
            comes_back(&trimmed);
        }
    }

    #[test]
    fn ordinary_prose_is_not_changed() {
        for text in [
            "He said \u{201c}no\u{201d} (twice); it\u{2019}s 5 > 4 & fine!",
            "Q&A with R. D., a - b",
            "3.5 litres",
        ] {
            let expected = text.replace("3.5", "3\\.5");
            assert_eq!(line(text), expected);
        }
    }

    proptest! {
        #[test]
        fn any_line_comes_back(text in "[^\\p{Cc}\\p{Z}\\s]([ -~\u{a0}-\u{ff}]{0,40}[^\\p{Cc}\\p{Z}\\s])?") {
            comes_back(&[&text]);
        }

        #[test]
        fn any_lines_of_marks_come_back(lines in prop::collection::vec("[ \t]{0,5}[-#>+=|:.)0-9a-b`*_~<&;!\\[\\]\\\\(/\"' ]{0,12}[-#>+=|:.)0-9a-b`*_~<&;!\\[\\]\\\\(/\"']", 1..5)) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            comes_back(&lines);
        }
    }
}
