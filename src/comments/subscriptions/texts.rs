//! What mails to subscribers say: plain text in English. Pure.
//!
//! Mails are text only, so that nothing that a reader wrote is markup anywhere.

use uuid::Uuid;

use crate::comments::subscriptions::subscription::{CONFIRM_HOURS, Target};
use crate::mail::message::MailSubject;
use crate::site::article_url::ArticleUrl;
use crate::slug::Slug;

/// Characters of a comment that a mail shows.
const SHOWN_CHARACTERS: usize = 2_000;

/// Where links in mails lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The address of this API.
    pub public_url: String,
    /// The page on which readers confirm and end subscriptions.
    pub page: String,
}

/// The article that a mail is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleInMail {
    /// The id.
    pub id: Uuid,
    /// The title.
    pub title: String,
    /// The slug.
    pub slug: String,
    /// The address of articles on the site, with `{slug}` in it.
    pub article_url: Option<String>,
}

/// A comment that a mail shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentInMail {
    /// The id.
    pub id: Uuid,
    /// Who wrote it, if that is known.
    pub author_name: Option<String>,
    /// The text without markup.
    pub body_text: String,
}

/// What a mail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailText {
    /// The subject.
    pub subject: MailSubject,
    /// The text.
    pub body: String,
}

impl Links {
    /// The link that confirms a subscription. The token is the fragment, where no server log has it, and a program that opens
    /// every link confirms nothing.
    #[must_use]
    pub fn confirm(&self, token: &str) -> String {
        format!("{}#confirm={token}", self.page)
    }

    /// The link to the page that ends a subscription.
    #[must_use]
    pub fn unsubscribe(&self, token: &str) -> String {
        format!("{}#unsubscribe={token}", self.page)
    }

    /// The address that one POST request to ends a subscription (RFC 8058).
    #[must_use]
    pub fn one_click(&self, token: &str) -> String {
        format!("{}/v1/comment-subscriptions/unsubscribe/{token}", self.public_url)
    }

    fn article(&self, article: &ArticleInMail) -> String {
        on_site(article).unwrap_or_else(|| format!("{}/v1/articles/{}", self.public_url, article.id))
    }

    fn comment(&self, article: &ArticleInMail, comment: Uuid) -> String {
        match on_site(article) {
            Some(address) => format!("{address}#comment-{comment}"),
            None => format!("{}/v1/comments/{comment}", self.public_url),
        }
    }
}

fn on_site(article: &ArticleInMail) -> Option<String> {
    let form = ArticleUrl::parse(article.article_url.as_deref()?).ok()?;
    Some(form.address_of(&Slug::parse(&article.slug).ok()?))
}

/// The mail that asks whether an address is that of whoever entered it. Nothing in it comes from whoever asked, so that
/// nobody can have a text of theirs sent to others.
#[must_use]
pub fn confirmation(links: &Links, article: &ArticleInMail, target: Target, confirm_link: &str) -> MailText {
    let (wanted, address) = match target {
        Target::Article(_) => ("new comments", links.article(article)),
        Target::Comment(comment) => ("answers to a comment", links.comment(article, comment)),
    };
    let title = &article.title;
    MailText {
        subject: MailSubject::fitting(&format!("Please confirm: {wanted} on {title}")),
        body: format!(
            "Somebody asked to have this address told of {wanted} on\n\n    {title}\n    {address}\n\n\
             To confirm, open this page within {CONFIRM_HOURS} hours:\n\n    {confirm_link}\n\n\
             If it was not you, do nothing: without it the address is forgotten.\n"
        ),
    }
}

/// The mail that tells of new comments; `more` of them are not shown.
#[must_use]
pub fn notice(
    links: &Links,
    article: &ArticleInMail,
    target: Target,
    (comments, more): (&[CommentInMail], i64),
    unsubscribe_link: &str,
) -> MailText {
    let title = &article.title;
    let (one, many) = match target {
        Target::Article(_) => ("New comment", "New comments"),
        Target::Comment(_) => ("New answer", "New answers"),
    };
    let what = if comments.len() == 1 && more == 0 { one } else { many };
    let mut parts = vec![format!("{what} on\n\n    {title}\n    {}\n", links.article(article))];
    for comment in comments {
        let name = comment.author_name.as_deref().unwrap_or("Somebody");
        let (text, address) = (quoted(&comment.body_text), links.comment(article, comment.id));
        parts.push(format!("\n{name} wrote:\n\n{text}\n\n    {address}\n"));
    }
    if more > 0 {
        parts.push(format!("\nThere are {more} more.\n"));
    }
    parts.push(format!(
        "\n-- \nYou asked for these mails. To get no more of them:\n{unsubscribe_link}\n"
    ));
    MailText {
        subject: MailSubject::fitting(&format!("{what} on {title}")),
        body: parts.concat(),
    }
}

/// The text with a mark before each line, so that no line of it can pass for one of ours.
fn quoted(text: &str) -> String {
    let cut: String = match text.chars().count() > SHOWN_CHARACTERS {
        true => text.chars().take(SHOWN_CHARACTERS).chain(['…']).collect(),
        false => text.to_owned(),
    };
    let lines: Vec<String> = cut
        .lines()
        .map(|line| format!("> {line}").trim_end().to_owned())
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links() -> Links {
        Links {
            public_url: "https://api.example.org".to_owned(),
            page: "https://api.example.org/subscriptions".to_owned(),
        }
    }

    fn article(article_url: Option<&str>) -> ArticleInMail {
        ArticleInMail {
            id: Uuid::from_u128(1),
            title: "Ships".to_owned(),
            slug: "ships".to_owned(),
            article_url: article_url.map(str::to_owned),
        }
    }

    fn comment(number: u128, text: &str) -> CommentInMail {
        CommentInMail {
            id: Uuid::from_u128(number),
            author_name: Some("Grace".to_owned()),
            body_text: text.to_owned(),
        }
    }

    #[test]
    fn links_lead_to_the_site_where_it_says_where_articles_are() {
        let (on_site, comment) = (article(Some("https://example.org/stories/{slug}")), Uuid::from_u128(2));
        assert_eq!(links().article(&on_site), "https://example.org/stories/ships");
        assert_eq!(
            links().comment(&on_site, comment),
            format!("https://example.org/stories/ships#comment-{comment}")
        );
        let elsewhere = article(None);
        assert_eq!(
            links().comment(&elsewhere, comment),
            format!("https://api.example.org/v1/comments/{comment}")
        );
    }

    #[test]
    fn a_confirmation_says_what_for_and_for_how_long() {
        let text = confirmation(&links(), &article(None), Target::Comment(Uuid::from_u128(2)), "LINK");
        assert_eq!(text.subject.as_str(), "Please confirm: answers to a comment on Ships");
        assert!(text.body.contains("within 48 hours:\n\n    LINK\n"), "{}", text.body);
    }

    #[test]
    fn no_line_of_a_comment_passes_for_one_of_ours() {
        let spoof = comment(2, "Well.\r\n-- \nTo get no more:\nhttps://evil.example");
        let target = Target::Article(Uuid::from_u128(1));
        let text = notice(&links(), &article(None), target, (&[spoof], 0), "LINK");
        assert!(
            text.body
                .contains("> Well.\n> --\n> To get no more:\n> https://evil.example\n"),
            "{}",
            text.body
        );
        assert_eq!(text.subject.as_str(), "New comment on Ships");
    }

    #[test]
    fn many_comments_are_one_mail_and_long_ones_are_cut() {
        let comments = [comment(2, &"x".repeat(2_001)), comment(3, "Short.")];
        let target = Target::Comment(Uuid::from_u128(1));
        let text = notice(&links(), &article(None), target, (&comments, 7), "LINK");
        assert_eq!(text.subject.as_str(), "New answers on Ships");
        assert!(text.body.contains(&format!("> {}…\n", "x".repeat(2_000))));
        assert!(text.body.contains("> Short.\n"));
        assert!(text.body.contains("There are 7 more."));
        assert!(text.body.ends_with("LINK\n"));
    }
}
