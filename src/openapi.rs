//! The `OpenAPI` document: made from the handlers by the same function that serves them.

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get};
use serde_json::Value;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{Contact, ContactBuilder, LicenseBuilder, OpenApi as Document, Server};
use utoipa::{Modify, OpenApi};

use crate::accounts::operations::{Need, need_of};
use crate::http::conditional::{Caching, Conditions, EntityTag, IfNoneMatchHeader};
use crate::http::problem::ProblemDetails;
use crate::problems;

/// The document as it is served.
#[derive(Debug, Clone)]
pub struct ServedDocument {
    bytes: Bytes,
    tag: EntityTag,
}

impl ServedDocument {
    /// Renders a document once.
    #[must_use]
    pub fn new(document: &Document) -> Self {
        let bytes = Bytes::from(json(document));
        Self {
            tag: EntityTag::of(1, &bytes),
            bytes,
        }
    }
}

/// A document as indented JSON, with a line feed at its end.
#[must_use]
pub fn json(document: &Document) -> String {
    let mut value = serde_json::to_value(document).unwrap_or_default();
    quote_plainly(&mut value);
    name_optional_bodies(&mut value);
    name_permissions(&mut value);
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

/// Our comments quote names with backticks, which end up in comments and template strings of generated clients and break
/// some of them.
fn quote_plainly(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "description" || name == "summary" => *text = text.replace('`', "'"),
                    other => quote_plainly(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(quote_plainly),
        _ => {}
    }
}

/// Every operation that asks for a scope names it among its security requirements, and says which roles have it.
fn name_permissions(document: &mut Value) {
    for operation in operations_of(document) {
        let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
        let Some(Need::Scope(scope)) = need_of(id) else {
            continue;
        };
        let needed = format!("Needs the scope {scope}, which these roles have: {}.", scope.holders());
        let description = match operation.get("description").and_then(Value::as_str) {
            Some(text) => format!("{text}\n\n{needed}"),
            None => needed,
        };
        if let Some(operation) = operation.as_object_mut() {
            operation.insert("description".to_owned(), description.into());
            operation.insert("security".to_owned(), serde_json::json!([{"bearer": [scope.as_str()]}]));
        }
    }
}

fn operations_of(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    document
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(|paths| paths.values_mut())
        .filter_map(Value::as_object_mut)
        .flat_map(|path| path.values_mut())
}

/// A body that may be left out is described as a choice between null and its schema, which is not what is meant: the
/// schema is the one that is named, and `required` says the rest.
fn name_optional_bodies(document: &mut Value) {
    for operation in operations_of(document) {
        let content = operation.pointer_mut("/requestBody/content/application~1json/schema");
        let Some(schema) = content else { continue };
        let choices = schema.get("oneOf").and_then(Value::as_array);
        let named = choices.and_then(|choices| choices.iter().find(|choice| choice.get("$ref").is_some()));
        if let Some(named) = named.cloned() {
            *schema = named;
        }
    }
}

/// What the document says apart from its operations.
#[derive(OpenApi)]
#[openapi(components(schemas(ProblemDetails)), modifiers(&Preamble))]
struct Base;

/// The document before the routes are added; `public_url` is where the API is.
#[must_use]
pub fn base(public_url: &str) -> Document {
    let mut document = Base::openapi();
    document.servers = Some(vec![Server::new(public_url)]);
    document
}

struct Preamble;

impl Modify for Preamble {
    fn modify(&self, document: &mut Document) {
        "Galley".clone_into(&mut document.info.title);
        env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
        document.info.description = Some(
            "A headless CMS for publications: articles, authors and comment threads. Every answer that is not a success \
             is a problem (RFC 9457); the kinds are listed at /v1/problems. Times are RFC 3339 in UTC. Clients must \
             tolerate members and enum values that they do not know."
                .to_owned(),
        );
        document.info.contact = Some(contact());
        document.info.license = Some(
            LicenseBuilder::new()
                .name("MIT OR Apache-2.0")
                .identifier(Some("MIT OR Apache-2.0"))
                .build(),
        );
        document.tags = Some(tags());
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The access token of POST /v1/auth/login."))
            .build();
        let reader = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "What readers show: the edit_token that the post of a comment was answered with, which is for this comment \
                 only, or a token of the identity provider of the site.",
            ))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme("reader", SecurityScheme::Http(reader));
    }
}

fn contact() -> Contact {
    ContactBuilder::new()
        .name(Some("The people who run this server"))
        .build()
}

fn tags() -> Vec<Tag> {
    [
        ("articles", "Articles for readers: published snapshots only."),
        ("authors", "Authors for readers."),
        ("sections", "Sections for readers: the tree of categories."),
        ("series", "Series for readers."),
        ("tags", "Tags for readers."),
        (
            "media",
            "Files for readers: pictures, videos, recordings and documents.",
        ),
        ("comments", "Threads for readers: reading them and writing into them."),
        ("accounts", "Logging in, and the keys that verify tokens."),
        ("editorial articles", "Working copies: create, change, publish, remove."),
        (
            "editorial documents",
            "Articles as files: Markdown with front matter, or plain text.",
        ),
        ("editorial authors", "Authors: create, change, remove."),
        ("editorial sections", "Sections: create, move, change, remove."),
        ("editorial series", "Series: create, change, remove."),
        ("editorial tags", "Tags: create, change, merge, remove."),
        ("editorial media", "Pictures and other files: upload, describe, remove."),
        (
            "users",
            "User accounts: invite people, change what they may do, shut them out.",
        ),
        ("settings", "What the people who run the site decide for all of it."),
        ("moderation", "Threads and comments for moderators."),
        ("audit log", "Who did what to which thing, for administrators."),
        ("problems", "The kinds of problems."),
        ("operations", "Health, version and this document."),
    ]
    .into_iter()
    .map(|(name, description)| TagBuilder::new().name(name).description(Some(description)).build())
    .collect()
}

problems!(
    /// What reading the document can answer with.
    DocumentProblems: MALFORMED_REQUEST
);

/// Read the `OpenAPI` document.
#[utoipa::path(
    tag = "operations",
    operation_id = "get_openapi",
    params(IfNoneMatchHeader),
    responses((status = 200, description = "This document, OpenAPI 3.1", body = std::collections::HashMap<String, serde_json::Value>,
        content_type = "application/json", headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), DocumentProblems),
)]
#[get("/openapi.json")]
pub async fn get_openapi(document: Data<ServedDocument>, conditions: Conditions) -> HttpResponse {
    let is_held = conditions.is_held_by_client(&document.tag);
    let mut response = if is_held {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response.insert_header((header::ETAG, document.tag.header_value()));
    response.insert_header((header::CACHE_CONTROL, Caching::Public.header_value()));
    match is_held {
        true => response.finish(),
        false => response.content_type("application/json").body(document.bytes.clone()),
    }
}
