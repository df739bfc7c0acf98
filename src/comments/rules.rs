//! What a site asks of a comment. Pure.

use crate::comments::comment::CommentsFrom;
use crate::field::{disguise_in, is_visible};
use crate::http::input::InputFaults;
use crate::markup::{Rendered, comment_links};

/// What the settings of the site say about comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommentRules {
    /// Who may write them, beside the newsroom.
    pub from: CommentsFrom,
    /// How many characters a comment may have.
    pub most_characters: usize,
    /// How many links a comment may have.
    pub most_links: usize,
}

/// How long a text is, as the rules count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextFigures {
    /// The characters of the source.
    pub characters: usize,
    /// The links in it, written as such or not.
    pub links: usize,
}

impl TextFigures {
    /// The figures of a text.
    #[must_use]
    pub fn of(text: &Rendered) -> Self {
        Self {
            characters: text.markdown.chars().count(),
            links: comment_links(text),
        }
    }
}

impl CommentRules {
    /// The rules as the row of the settings has them. A name that this version does not know lets in as few as there can be.
    #[must_use]
    pub fn from_row((from, characters, links): (String, i32, i32)) -> Self {
        Self {
            from: CommentsFrom::from_name(&from).unwrap_or(CommentsFrom::Identified),
            most_characters: usize::try_from(characters).unwrap_or_default(),
            most_links: usize::try_from(links).unwrap_or_default(),
        }
    }

    /// Passes for a text that is short enough, has few enough links, shows something, and shows it as it is; gives its figures.
    ///
    /// # Errors
    /// Every rule that the text breaks, at `/body_markdown`.
    pub fn check(&self, text: &Rendered) -> Result<TextFigures, InputFaults> {
        const MEMBER: &str = "/body_markdown";
        let figures = TextFigures::of(text);
        let Self {
            most_characters,
            most_links,
            ..
        } = *self;
        let too_long = (figures.characters > most_characters).then(|| {
            let detail = format!(
                "it has {} characters, and comments have at most {most_characters} here; shorten it",
                figures.characters
            );
            InputFaults::at(MEMBER, "too-long", detail)
        });
        let too_many = (figures.links > most_links).then(|| {
            let detail = format!(
                "it has {} links, and comments have at most {most_links} here; take some out",
                figures.links
            );
            InputFaults::at(MEMBER, "too-many-links", detail)
        });
        let disguised = disguise_in(&text.text)
            .or_else(|| disguise_in(&text.html))
            .map(|character| {
                let detail = format!(
                    "a reference in it stands for U+{:04X}, which can show the text otherwise than it is; take it out",
                    u32::from(character)
                );
                InputFaults::at(MEMBER, "disguising-character", detail)
            });
        let blank = (!is_visible(&text.text)).then(|| {
            let detail = "nothing of it would be seen; write at least one visible character outside of the markup";
            InputFaults::at(MEMBER, "empty", detail)
        });
        let faults = too_long.into_iter().chain(too_many).chain(disguised).chain(blank);
        match InputFaults::together(faults) {
            Some(faults) => Err(faults),
            None => Ok(figures),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::Policy;

    #[test]
    fn a_text_has_a_length_and_a_number_of_links() {
        let rules = CommentRules::from_row(("everyone".to_owned(), 30, 1));
        let check = |text: &str| rules.check(&Rendered::new(text.to_owned(), Policy::Comment));
        assert_eq!(
            check("é".repeat(30).as_str()).unwrap(),
            TextFigures {
                characters: 30,
                links: 0
            }
        );
        assert!(check("é".repeat(31).as_str()).is_err());
        assert_eq!(check("<https://a.example>").unwrap().links, 1);
        assert!(check("http://a.b http://c.d").is_err());
        for hidden in [
            "a&#8238;b",
            "a &#x202e;",
            "&#27;[31mred",
            "***",
            "[x]: https://a.example",
            "&#8203;",
            "![](b.png)",
        ] {
            assert!(check(hidden).is_err(), "{hidden}");
        }
        assert!(check("&amp; &eacute; 👨‍👩‍👧").is_ok());
        assert_eq!(
            CommentRules::from_row(("nobody".to_owned(), -1, -1)).from,
            CommentsFrom::Identified
        );
    }
}
