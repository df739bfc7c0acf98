//! The OpenAPI document: that it is in step with the code, and what clients generated from it rely on.

use std::collections::BTreeSet;

use actix_web::http::Method;
use galley::accounts::permissions::Role;
use galley::cli::openapi::DEFAULT_SERVER;
use galley::http::problem_codes;
use galley::{app, openapi};
use serde_json::Value;

use crate::on_both_databases;
use crate::support::client::{Client, Draft};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

struct Operation {
    path: String,
    method: String,
    value: Value,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// A request for it, about something that is not there.
    fn request(&self, client: &Client) -> Draft {
        let path = self.path.replace("{slug}", "nobody").replace("{code}", "slug-taken");
        let path = path.replace("{id}", "00000000-0000-7000-8000-000000000000");
        let path = path.replace("{article_id}", "00000000-0000-7000-8000-000000000000");
        let method = Method::from_bytes(self.method.to_uppercase().as_bytes()).unwrap();
        client.request(method, &path)
    }

    fn is_write(&self) -> bool {
        // What gives tokens is not kept to be given again, and nothing made of a password is kept but its hash.
        let is_question = self.path == "/v1/comments/preview";
        self.method != "get" && !is_door(&self.path) && !is_question && self.path != "/v1/auth/password"
    }

    fn takes(&self, parameter: &str) -> bool {
        let parameters = self.value["parameters"].as_array();
        parameters.is_some_and(|all| all.iter().any(|one| one["name"] == parameter))
    }

    fn needs_a_token(&self) -> bool {
        self.takes_a_token() && !self.may_have_a_token()
    }

    fn takes_a_token(&self) -> bool {
        self.value["security"]
            .as_array()
            .is_some_and(|security| !security.is_empty())
    }

    /// Whether readers are served with a token or without one.
    fn may_have_a_token(&self) -> bool {
        let security = self.value["security"].as_array();
        let is_optional = security.is_some_and(|ways| ways.contains(&Value::Object(serde_json::Map::new())));
        is_optional && !self.path.starts_with("/v1/auth/")
    }
}

/// Whether somebody without an access token gets one there.
fn is_way_in(path: &str) -> bool {
    ["/v1/auth/login", "/v1/auth/refresh"].contains(&path)
}

/// Whether somebody without an access token is served there.
fn is_door(path: &str) -> bool {
    is_way_in(path) || path == "/v1/auth/password-links/accept"
}

fn rendered() -> String {
    openapi::json(&app::document(DEFAULT_SERVER))
}

fn document() -> Value {
    serde_json::from_str(&rendered()).unwrap()
}

fn operations() -> Vec<Operation> {
    let document = document();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            if let Some(value) = item.get(method) {
                operations.push(Operation {
                    path: path.clone(),
                    method: method.to_owned(),
                    value: value.clone(),
                });
            }
        }
    }
    operations
}

/// Calls `visit` with every object of the document and the pointer to it.
fn walk(value: &Value, pointer: &str, visit: &mut impl FnMut(&serde_json::Map<String, Value>, &str)) {
    match value {
        Value::Object(members) => {
            visit(members, pointer);
            for (name, member) in members {
                walk(member, &format!("{pointer}/{name}"), visit);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, &format!("{pointer}/-"), visit)),
        _ => {}
    }
}

#[test]
fn the_committed_document_is_in_step() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, rendered()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == rendered(),
        "openapi/openapi.json is not what the code says; write it again with: cargo run -- openapi > openapi/openapi.json"
    );
}

#[test]
fn operation_ids_are_unique_and_stay_as_they_are() {
    let ids: Vec<String> = operations()
        .iter()
        .map(|operation| operation.value["operationId"].as_str().unwrap().to_owned())
        .collect();
    let distinct: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "{ids:?}");
    insta::assert_json_snapshot!("operation_ids", distinct);
}

#[test]
fn every_operation_is_described_with_its_problems() {
    let document = document();
    let tags: BTreeSet<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    for operation in operations() {
        let (name, value) = (operation.name(), &operation.value);
        assert!(
            value["summary"].as_str().is_some_and(|summary| summary.ends_with('.')),
            "{name}: no summary"
        );
        let own: Vec<&str> = value["tags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| tag.as_str().unwrap())
            .collect();
        assert!(own.len() == 1 && tags.contains(own[0]), "{name}: {own:?}");
        let responses = value["responses"].as_object().unwrap();
        assert!(
            responses.contains_key("500") || operation.path.starts_with("/.well-known"),
            "{name}: no 500"
        );
        for (status, response) in responses {
            assert!(
                response["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{name} {status}"
            );
            if status.starts_with(['4', '5']) {
                let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/ProblemDetails", "{name} {status}");
            }
        }
        let has_body = value.get("requestBody").is_some();
        assert_eq!(responses.contains_key("413"), has_body, "{name}: 413 goes with a body");
        assert_eq!(
            responses.contains_key("401"),
            operation.takes_a_token() || is_way_in(&operation.path),
            "{name}: 401"
        );
    }
}

#[test]
fn every_route_of_the_newsroom_needs_a_token_and_no_public_one_does() {
    for operation in operations() {
        let is_account = operation.path.starts_with("/v1/auth/") && !is_door(&operation.path);
        // A reader's own comment is for its writer.
        let is_own = operation.path.ends_with("/own");
        let is_closed = operation.path.starts_with("/v1/editorial") || is_account || is_own;
        assert_eq!(operation.needs_a_token(), is_closed, "{}", operation.name());
    }
}

#[test]
fn every_write_can_be_rehearsed_and_sent_again() {
    for operation in operations().iter().filter(|operation| operation.is_write()) {
        for parameter in ["validate_only", "Idempotency-Key"] {
            assert!(operation.takes(parameter), "{}: {parameter}", operation.name());
        }
    }
}

#[test]
fn nothing_that_breaks_generated_clients_is_in_the_document() {
    let document = document();
    walk(&document, "", &mut |members, pointer| {
        let is_properties = pointer.ends_with("/properties");
        for construct in [
            "anyOf",
            "allOf",
            "oneOf",
            "const",
            "discriminator",
            "prefixItems",
            "uniqueItems",
            "default",
            "$defs",
            "readOnly",
            "writeOnly",
        ] {
            assert!(
                is_properties || !members.contains_key(construct),
                "{construct} at {pointer}"
            );
        }
        let is_bare = members.get("type") == Some(&Value::from("object"))
            && !members.contains_key("properties")
            && !members.contains_key("additionalProperties");
        assert!(!is_bare, "a bare object at {pointer}");
        for name in ["description", "summary"] {
            if let Some(text) = members.get(name).and_then(Value::as_str) {
                assert!(
                    !text.contains(['`']) && !text.contains("*/") && !text.contains("${"),
                    "{pointer}: {text}"
                );
            }
        }
    });
    for operation in operations() {
        for response in operation.value["responses"].as_object().unwrap().values() {
            let types = response.get("content").and_then(Value::as_object).into_iter().flatten();
            for (media_type, _) in types {
                let is_known = [
                    "application/json",
                    "application/problem+json",
                    "text/markdown",
                    "application/octet-stream",
                    "text/event-stream",
                ]
                .contains(&media_type.as_str());
                assert!(is_known, "{}: {media_type}", operation.name());
            }
        }
        let bodies = operation.value["requestBody"]["content"]
            .as_object()
            .map_or(0, serde_json::Map::len);
        assert!(bodies <= 1, "{}: two kinds of body", operation.name());
    }
}

#[test]
fn every_member_and_parameter_is_described() {
    let document = document();
    for (schema, value) in document["components"]["schemas"].as_object().unwrap() {
        assert!(
            value["description"].as_str().is_some_and(|text| !text.is_empty()),
            "{schema}"
        );
        for (name, member) in value["properties"].as_object().into_iter().flatten() {
            assert!(
                member["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{schema}.{name}"
            );
        }
    }
    for operation in operations() {
        for parameter in operation.value["parameters"].as_array().into_iter().flatten() {
            let name = format!("{} {}", operation.name(), parameter["name"]);
            assert!(
                parameter["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{name}"
            );
            assert!(
                parameter["schema"]["type"].is_string() || parameter["schema"]["$ref"].is_string(),
                "{name}"
            );
        }
    }
}

#[test]
fn every_problem_code_stands_in_the_document() {
    let text = rendered();
    for kind in problem_codes::ALL {
        // These come before any operation is known.
        let is_of_no_operation = ["method-not-allowed"].contains(&kind.code);
        assert!(
            is_of_no_operation || text.contains(&format!("{} (", kind.code)),
            "{} is in no operation",
            kind.code
        );
    }
}

on_both_databases! {
    async fn every_documented_operation_is_served(app: TestApp) {
        let reader = app.reader();
        for operation in operations() {
            let answer = operation.request(&reader).send().await;
            assert_ne!(answer.status, 405, "{}", operation.name());
            assert!(!answer.text().contains("There is no route"), "{}", operation.name());
            let documented = operation.value["responses"].get(answer.status.to_string());
            assert!(documented.is_some(), "{}: {} is not documented", operation.name(), answer.status);
            if operation.needs_a_token() {
                answer.problem(401, "not-authenticated");
            }
        }
    }

    async fn every_write_settles_who_sends_it_before_it_looks_at_the_key(app: TestApp) {
        let (reader, nobody) = (app.account(Role::Reader).await, app.reader());
        for operation in operations().iter().filter(|operation| operation.is_write() && operation.needs_a_token()) {
            let refused = |client| operation.request(client).header("Idempotency-Key", "\"no end").send();
            // Who logs out may be known by the body only, which is read after the key.
            if operation.path != "/v1/auth/logout" {
                refused(&nobody).await.problem(401, "not-authenticated");
            }
            // Everybody has sessions of their own, and may have comments.
            if !operation.path.starts_with("/v1/auth/") && !operation.path.ends_with("/own") {
                refused(&reader).await.problem(403, "insufficient-scope");
            }
        }
    }

    async fn the_served_document_is_the_committed_one_with_the_address_of_the_server(app: TestApp) {
        let served = app.reader().get("/openapi.json").await.expect(200);
        let mut expected = document();
        expected["servers"][0]["url"] = "https://galley.example".into();
        assert_eq!(served.json(), expected);
        let tag = served.header("etag").to_owned();
        app.reader().request(Method::GET, "/openapi.json").header("If-None-Match", &tag).send().await.expect(304);
    }
}
