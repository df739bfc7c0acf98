//! `galley permissions`: print what each role may do.

use std::io::Write;

use serde_json::Value;

use super::Outcome;
use super::openapi::DEFAULT_SERVER;
use crate::accounts::operations::{Need, need_of};
use crate::accounts::permissions::{Reach, Role, Scope};
use crate::app;
use crate::articles::field_rights::{ArticleField, FieldRight, FieldWriter};
use crate::openapi;

const INTRODUCTION: &str = "\
# Permissions

This page is printed by `galley permissions` from the tables that the server decides by. Do not edit it.

A request needs a scope twice: the token must carry it, and the role of the account must have it now. What is **all** reaches
everything; what is **own** reaches what belongs to the account. An article belongs to the account that made it, and to the
account that is linked to an author of its byline.
";

const FIELDS: &str = "\
## Fields of an article

A field counts as set when a request would make it another than it was, so that an article may be sent back as it was read. A
field that may not be set is refused with 403 `field-forbidden`, which names each, and nothing is stored. This holds for every
way of writing: JSON, documents, upserts, bulk, merges and restored revisions.

- **until published**: while readers do not see the article.
- **linked author**: the author whom the account writes as may be put in and taken out; the others stay. An upload token
  always stands for its one author.
- `/comments` is what a document says of the thread: its comments and its state.
- `/assignee_id` is what `…/assign` sets. Who hands an article in may name its reader with it.
- Publishing (`status`, schedules, dates of schedules) is no field: it needs the scope `articles:publish`.
- A contributor throws away only what was never published (403 `published-before`).
";

/// Prints the page to standard output.
///
/// # Errors
/// When standard output cannot be written.
pub fn run() -> Outcome {
    Ok(std::io::stdout().write_all(page().as_bytes())?)
}

/// The page, as Markdown.
#[must_use]
pub fn page() -> String {
    [
        INTRODUCTION.to_owned(),
        format!("## Scopes\n\n{}", scopes()),
        format!("## Operations\n\n{}", operations()),
        format!("{FIELDS}\n{}", fields()),
    ]
    .join("\n")
}

/// The table of operations alone, as the document lists them.
#[must_use]
pub fn operations() -> String {
    let rows = listed().into_iter().map(|(id, place)| {
        let need = need_of(&id);
        let needed = match need {
            None => "?".to_owned(),
            Some(Need::Nothing) => "nothing".to_owned(),
            Some(Need::Account) => "an account".to_owned(),
            Some(Need::Writer) => "having written it".to_owned(),
            Some(Need::Scope(scope)) => format!("`{scope}`"),
        };
        let anybody = match need {
            Some(Need::Nothing) => "yes",
            _ => "–",
        };
        let roles = Role::ALL.into_iter().map(|role| verdict(need, role).to_owned());
        let cells = [format!("`{place}`"), needed, anybody.to_owned()];
        cells.into_iter().chain(roles).collect::<Vec<_>>()
    });
    let head = ["operation", "needs", "no token"].map(str::to_owned);
    table(
        &head.into_iter().chain(role_names()).collect::<Vec<_>>(),
        &rows.collect::<Vec<_>>(),
    )
}

fn scopes() -> String {
    let rows = Scope::ALL.into_iter().map(|scope| {
        let roles = Role::ALL
            .into_iter()
            .map(move |role| reach_name(role.reach(scope)).to_owned());
        std::iter::once(format!("`{scope}`")).chain(roles).collect::<Vec<_>>()
    });
    let head = std::iter::once("scope".to_owned()).chain(role_names());
    table(&head.collect::<Vec<_>>(), &rows.collect::<Vec<_>>())
}

fn fields() -> String {
    let writers = [
        ("administrator, editor", FieldWriter::Role(Role::Editor)),
        ("author", FieldWriter::Role(Role::Author)),
        ("contributor", FieldWriter::Role(Role::Contributor)),
        ("upload token", FieldWriter::UploadToken),
    ];
    let rows = ArticleField::all().into_iter().map(|field| {
        let rights = writers.map(|(_, writer)| right_name(writer.right(field)).to_owned());
        std::iter::once(format!("`{}`", field.pointer()))
            .chain(rights)
            .collect::<Vec<_>>()
    });
    let head = std::iter::once("field").chain(writers.map(|(name, _)| name));
    table(&head.map(str::to_owned).collect::<Vec<_>>(), &rows.collect::<Vec<_>>())
}

fn verdict(need: Option<Need>, role: Role) -> &'static str {
    match need {
        None => "?",
        Some(Need::Nothing | Need::Account) => "yes",
        Some(Need::Writer) => "own",
        Some(Need::Scope(scope)) => reach_name(role.reach(scope)),
    }
}

fn reach_name(reach: Option<Reach>) -> &'static str {
    match reach {
        Some(Reach::All) => "all",
        Some(Reach::Own) => "own",
        None => "–",
    }
}

fn right_name(right: FieldRight) -> &'static str {
    match right {
        FieldRight::Free => "yes",
        FieldRight::UntilPublished => "until published",
        FieldRight::LinkedAuthor => "linked author",
        FieldRight::Never => "–",
    }
}

fn role_names() -> impl Iterator<Item = String> {
    Role::ALL.into_iter().map(|role| role.to_string())
}

/// The operations of the document: each id, with its method and path.
fn listed() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&openapi::json(&app::document(DEFAULT_SERVER))).unwrap_or(Value::Null);
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.filter_map(move |(method, operation)| {
                let id = operation.get("operationId")?.as_str()?.to_owned();
                Some((id, format!("{} {path}", method.to_uppercase())))
            })
        })
        .collect()
}

fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = format!("|{}\n", "---|".repeat(head.len()));
    let body: String = rows.iter().map(|cells| line(cells)).collect();
    format!("{}{rule}{body}", line(head))
}
