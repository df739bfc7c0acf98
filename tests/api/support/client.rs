//! A client of the API, with the verbs of its users.

use std::net::SocketAddr;
use std::rc::Rc;

use actix_http::Request;
use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::test::TestRequest;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::events::EventStream;

type Handle = Rc<dyn Fn(Request) -> LocalBoxFuture<'static, ServiceResponse<BoxBody>>>;

/// Somebody who talks to an application, with a token or without.
#[derive(Clone)]
pub struct Client {
    handle: Handle,
    token: Option<String>,
}

/// A request that is being put together.
pub struct Draft {
    client: Client,
    path: String,
    request: TestRequest,
}

impl Client {
    pub fn new(handle: Handle, token: Option<String>) -> Self {
        Self { handle, token }
    }

    pub fn request(&self, method: Method, path: &str) -> Draft {
        let request = TestRequest::default().method(method);
        let request = match &self.token {
            Some(token) => request.insert_header((AUTHORIZATION, format!("Bearer {token}"))),
            None => request,
        };
        Draft {
            client: self.clone(),
            path: path.to_owned(),
            request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.request(Method::POST, path).json(&body).send().await
    }

    pub async fn patch(&self, path: &str, if_match: &str, body: Value) -> Answer {
        self.request(Method::PATCH, path)
            .header("If-Match", if_match)
            .json(&body)
            .send()
            .await
    }

    pub async fn put(&self, path: &str, if_match: &str, body: Value) -> Answer {
        self.request(Method::PUT, path)
            .header("If-Match", if_match)
            .json(&body)
            .send()
            .await
    }

    pub async fn delete(&self, path: &str, if_match: &str) -> Answer {
        self.request(Method::DELETE, path)
            .header("If-Match", if_match)
            .send()
            .await
    }

    /// Makes a draft with a title, and gives the working copy.
    pub async fn draft(&self, title: &str) -> Value {
        let body = json!({"title": title, "body_markdown": "Some *text*."});
        self.post("/v1/editorial/articles", body).await.expect(201).json()
    }

    /// Makes an article with a title that readers see, and gives the working copy.
    pub async fn published(&self, title: &str) -> Value {
        let body = json!({"title": title, "body_markdown": "Some *text*.", "status": "published"});
        self.post("/v1/editorial/articles", body).await.expect(201).json()
    }

    /// Posts a comment under an article, in answer to another if one is named.
    pub async fn comment(&self, article: &Value, parent: Option<&Value>, text: &str) -> Answer {
        let mut body = json!({"author_name": "Grace", "body_markdown": text});
        if let Some(parent) = parent {
            body["parent_id"] = parent["id"].clone();
        }
        self.post(&format!("/v1/articles/{}/comments", id(article)), body).await
    }

    /// Uploads a plain text, with a query such as `?status=published`.
    pub async fn upload_text(&self, query: &str, text: impl Into<Vec<u8>>) -> Answer {
        self.upload(query, "text/plain", text).await
    }

    /// Uploads a document of a media type.
    pub async fn upload(&self, query: &str, media_type: &str, text: impl Into<Vec<u8>>) -> Answer {
        let path = format!("/v1/editorial/documents{query}");
        self.request(Method::POST, &path).body(media_type, text).send().await
    }
}

impl Draft {
    pub fn header(self, name: &str, value: &str) -> Self {
        Self {
            request: self.request.insert_header((name, value)),
            ..self
        }
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn body(self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let request = self
            .request
            .insert_header(("Content-Type", media_type))
            .set_payload(body.into());
        Self { request, ..self }
    }

    /// With a key, beside any that it has.
    pub fn key(self, key: &str) -> Self {
        let header = ("Idempotency-Key", format!("\"{key}\""));
        Self {
            request: self.request.append_header(header),
            ..self
        }
    }

    /// From a machine with this address.
    pub fn from(self, address: &str) -> Self {
        let address = SocketAddr::new(address.parse().unwrap(), 40_000);
        Self {
            request: self.request.peer_addr(address),
            ..self
        }
    }

    /// With one more parameter in the query.
    pub fn with_parameter(self, parameter: &str) -> Self {
        let mark = if self.path.contains('?') { '&' } else { '?' };
        let path = format!("{}{mark}{parameter}", self.path);
        Self { path, ..self }
    }

    /// Whether it goes to the newsroom's part of the API.
    pub fn is_editorial(&self) -> bool {
        self.path.starts_with("/v1/editorial/") || self.path.starts_with("/v1/auth/")
    }

    /// Opens a stream, whose body is read while it comes.
    pub async fn open(self) -> EventStream {
        let request = self.request.uri(&self.path).to_request();
        EventStream::new((self.client.handle)(request).await)
    }

    pub async fn send(self) -> Answer {
        let request = self.request.uri(&self.path).to_request();
        let response = (self.client.handle)(request).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.unwrap_or_default();
        Answer { status, headers, body }
    }
}

/// The id of whatever an answer shows.
pub fn id(resource: &Value) -> &str {
    resource["id"]
        .as_str()
        .unwrap_or_else(|| panic!("there is no id in {resource}"))
}
