//! The one table of problem codes. Handlers name its rows, the `OpenAPI` document lists them, `/v1/problems` shows them.

/// One kind of problem: what it is called, its status, and what a reader needs to mend it.
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemCode {
    /// The last segment of the `type` URI, stable for ever.
    pub code: &'static str,
    /// The HTTP status (RFC 9110, section 15).
    pub status: u16,
    /// A short summary, the same for every occurrence.
    pub title: &'static str,
    /// Why it happens.
    pub cause: &'static str,
    /// How to mend it.
    pub remedy: &'static str,
    /// A command that shows the mended request.
    pub example: &'static str,
}

macro_rules! problem_codes {
    ($($name:ident = $code:literal, $status:literal, $title:literal,
        cause: $cause:literal, remedy: $remedy:literal, example: $example:literal;)*) => {
        $(
            #[doc = concat!("`", $code, "` (", stringify!($status), "): ", $cause)]
            pub const $name: ProblemCode = ProblemCode {
                code: $code, status: $status, title: $title, cause: $cause, remedy: $remedy, example: $example,
            };
        )*

        /// Every row of the table, by status and name.
        pub const ALL: &[&ProblemCode] = &[$(&$name),*];
    };
}

problem_codes! {
    CURSOR_INVALID = "cursor-invalid", 400, "The cursor cannot be read",
        cause: "The cursor was cut, changed, or made by another installation.",
        remedy: "Take the cursor from `page.next` or `page.prev` of an earlier answer, whole; or leave it out to start again.",
        example: "curl 'http://127.0.0.1:8080/v1/articles?limit=25'";
    CURSOR_MISMATCH = "cursor-mismatch", 400, "The cursor belongs to another list",
        cause: "The cursor was made for another filter or another order than this request has.",
        remedy: "Keep the filter and the order while you page; only `limit` may change. Leave the cursor out to start again.",
        example: "curl 'http://127.0.0.1:8080/v1/articles?author=ada-lovelace&limit=50'";
    INVALID_PARAMETER = "invalid-parameter", 400, "A parameter has a value it cannot have",
        cause: "A path or query parameter is not of the form that this route takes.",
        remedy: "`errors` names the parameter and what it accepts.",
        example: "curl 'http://127.0.0.1:8080/v1/articles?order=desc'";
    LIMIT_TOO_LARGE = "limit-too-large", 400, "The limit is above the maximum",
        cause: "A list never answers with more items than its maximum, and never cuts a request in silence.",
        remedy: "Ask for at most the maximum that `detail` names, and follow `page.next`.",
        example: "curl 'http://127.0.0.1:8080/v1/articles?limit=100'";
    MALFORMED_JSON = "malformed-json", 400, "The body is not JSON",
        cause: "The body ends early or breaks the grammar of JSON (RFC 8259).",
        remedy: "`errors` gives the line and the column where reading stopped.",
        example: "curl -H 'Content-Type: application/json' --data-binary @article.json http://127.0.0.1:8080/v1/editorial/articles";
    MALFORMED_REQUEST = "malformed-request", 400, "The request cannot be read",
        cause: "A header or the way the body was sent is not valid HTTP.",
        remedy: "`detail` names what could not be read.",
        example: "curl http://127.0.0.1:8080/v1/articles";
    UNKNOWN_PARAMETER = "unknown-parameter", 400, "There is no such query parameter",
        cause: "This route does not have a query parameter of that name. It is not ignored, since that would hide a typing error.",
        remedy: "`errors` names the parameter, the nearest one there is, and all that the route accepts.",
        example: "curl 'http://127.0.0.1:8080/v1/articles?limit=10'";
    CREDENTIALS_INVALID = "credentials-invalid", 401, "The e-mail address or the password is wrong",
        cause: "There is no account with this address and this password. Which of the two is wrong is not told.",
        remedy: "Check both. An administrator can set a new password with `galley user password ADDRESS`.",
        example: "curl -H 'Content-Type: application/json' -d '{\"email\":\"ada@example.org\",\"password\":\"…\"}' http://127.0.0.1:8080/v1/auth/login";
    NOT_AUTHENTICATED = "not-authenticated", 401, "This route needs a token",
        cause: "The request carries no `Authorization: Bearer` header.",
        remedy: "Log in with `POST /v1/auth/login` and send the `access_token`.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/articles";
    TOKEN_INVALID = "token-invalid", 401, "The token is not valid",
        cause: "The token has expired, was not made by this installation, is of another kind, or is damaged.",
        remedy: "Log in again with `POST /v1/auth/login` and send the new `access_token`.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/auth/me";
    COMMENTS_CLOSED = "comments-closed", 403, "The thread takes no new comments",
        cause: "The thread of this article is closed, read-only or hidden. `message` is what the editors say about it.",
        remedy: "Nothing, as a reader. Editors open it with `PATCH /v1/editorial/threads/{article_id}`.",
        example: "curl -X PATCH -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '{\"state\":\"open\"}' http://127.0.0.1:8080/v1/editorial/threads/$ID";
    INSUFFICIENT_SCOPE = "insufficient-scope", 403, "The account may not do this",
        cause: "The role of the account does not include what this route needs.",
        remedy: "Ask an administrator for a role that has the scope named in `detail`.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/auth/me";
    NOT_FOUND = "not-found", 404, "There is nothing here",
        cause: "No route has this path, or what it names is absent or not visible to you.",
        remedy: "Check the path and the id; `/openapi.json` lists all routes.",
        example: "curl http://127.0.0.1:8080/openapi.json";
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "The path has no such method",
        cause: "The path exists, and not with this method.",
        remedy: "The `Allow` header lists the methods there are.",
        example: "curl -i -X OPTIONS http://127.0.0.1:8080/v1/articles";
    REQUEST_TIMEOUT = "request-timeout", 408, "The body did not arrive in time",
        cause: "The connection was too slow, or stopped in the middle of the body.",
        remedy: "Send the request again; nothing was stored.",
        example: "curl --data-binary @article.md -H 'Content-Type: text/markdown' http://127.0.0.1:8080/v1/editorial/documents";
    AUTHOR_IN_USE = "author-in-use", 409, "The author has articles",
        cause: "An author who stands in a byline cannot be deleted.",
        remedy: "Give those articles another byline first: `GET /v1/editorial/articles?author={slug}` lists them.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" 'http://127.0.0.1:8080/v1/editorial/articles?author=ada-lovelace'";
    AUTHOR_UNKNOWN = "author-unknown", 409, "There is no author with this slug",
        cause: "The byline names an author by a slug that nobody has.",
        remedy: "Create the author first, or give `name` in place of `slug` to make one.",
        example: "curl http://127.0.0.1:8080/v1/authors";
    IDEMPOTENCY_IN_FLIGHT = "idempotency-in-flight", 409, "The first request with this key is not done yet",
        cause: "A request with the same `Idempotency-Key` came in before this one and is still being carried out.",
        remedy: "Send the same request again after the seconds in `Retry-After`; it gets the answer of the first one.",
        example: "curl -X POST -H \"Authorization: Bearer $TOKEN\" -H 'Idempotency-Key: \"8e03978e\"' -H 'Content-Type: application/json' --data-binary @article.json http://127.0.0.1:8080/v1/editorial/articles";
    NOT_PUBLISHED = "not-published", 409, "The article is not published",
        cause: "What was asked needs readers to see the article, and they do not.",
        remedy: "Publish it first with `POST /v1/editorial/articles/{id}/publish`.",
        example: "curl -X POST -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/articles/$ID/publish";
    PARENT_UNKNOWN = "parent-unknown", 409, "The comment to reply to is not in this thread",
        cause: "`parent_id` names no comment of this article that readers can see.",
        remedy: "Reply to a comment of the same article, or leave `parent_id` out.",
        example: "curl http://127.0.0.1:8080/v1/articles/$ID/comments";
    SLUG_TAKEN = "slug-taken", 409, "Another article or author has this slug",
        cause: "A slug is part of an address, so only one can have it.",
        remedy: "Send another slug; `suggestion` is one that is free.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" --data-binary @article.txt -H 'Content-Type: text/plain' 'http://127.0.0.1:8080/v1/editorial/documents?slug=another-slug'";
    THREAD_TOO_DEEP = "thread-too-deep", 409, "The reply would be nested too deeply",
        cause: "Threads nest at most 32 levels.",
        remedy: "Reply to a comment further up.",
        example: "curl http://127.0.0.1:8080/v1/articles/$ID/comments";
    PRECONDITION_FAILED = "precondition-failed", 412, "It was changed since you read it",
        cause: "The `If-Match` header names a revision that is no longer the current one, or `If-None-Match: *` met something that exists.",
        remedy: "Read it again, apply your change to what you find, and send the new `ETag`. `current_etag` is the tag to send.",
        example: "curl -X PATCH -H \"Authorization: Bearer $TOKEN\" -H 'If-Match: \"r2\"' -H 'Content-Type: application/json' -d '{\"title\":\"New\"}' http://127.0.0.1:8080/v1/editorial/articles/$ID";
    PAYLOAD_TOO_LARGE = "payload-too-large", 413, "The body is too large",
        cause: "The body is longer than this installation takes.",
        remedy: "`detail` names the limit; `GALLEY_MAX_BODY_BYTES` sets it.",
        example: "curl --data-binary @article.md -H 'Content-Type: text/markdown' http://127.0.0.1:8080/v1/editorial/documents";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", 415, "The body is in a form that this route does not take",
        cause: "The `Content-Type` or `Content-Encoding` header is missing or names another form.",
        remedy: "`detail` names the forms that the route takes, and the `Accept-Post` or `Accept-Patch` header lists them.",
        example: "curl -H 'Content-Type: application/json' --data-binary @article.json http://127.0.0.1:8080/v1/editorial/articles";
    USE_DATA_BINARY = "use-data-binary", 415, "The document was sent as a form",
        cause: "curl's `-d` sends a form and cuts the line ends out of a file, so that the document cannot be read any more.",
        remedy: "Use `--data-binary` and name the content type.",
        example: "curl --data-binary @article.txt -H 'Content-Type: text/plain' http://127.0.0.1:8080/v1/editorial/documents";
    DOCUMENT_AMBIGUOUS = "document-ambiguous", 422, "The document can be read in more than one way",
        cause: "`strict=true` refuses a document when a part of it is ambiguous.",
        remedy: "`errors` names the lines. Mend them, give a hint (`title`, `author`, `comments=none`), or leave `strict` out.",
        example: "curl --data-binary @article.txt -H 'Content-Type: text/plain' 'http://127.0.0.1:8080/v1/editorial/documents?title=The+title'";
    DOCUMENT_INVALID = "document-invalid", 422, "The document cannot be read",
        cause: "The text breaks a rule of its format: no title, front matter that does not parse, bytes that are not text.",
        remedy: "`errors` names the line and the column, and how to mend it.",
        example: "curl --data-binary @article.txt -H 'Content-Type: text/plain' http://127.0.0.1:8080/v1/editorial/documents";
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused", 422, "Another request had this key",
        cause: "The `Idempotency-Key` was sent within the last 24 hours with another body, query or media type.",
        remedy: "Make a new key for a new request; keep a key only to send the very same request again.",
        example: "curl -X POST -H \"Authorization: Bearer $TOKEN\" -H \"Idempotency-Key: $(uuidgen)\" -H 'Content-Type: application/json' --data-binary @article.json http://127.0.0.1:8080/v1/editorial/articles";
    VALIDATION_FAILED = "validation-failed", 422, "A field has a value it cannot have",
        cause: "The body is JSON, and one or more of its members are missing, unknown, of the wrong type or out of bounds.",
        remedy: "`errors` names every wrong member with a JSON Pointer (RFC 6901) and says what it accepts.",
        example: "curl -H 'Content-Type: application/json' -d '{\"title\":\"A title\",\"body_markdown\":\"Text\"}' http://127.0.0.1:8080/v1/editorial/articles";
    PRECONDITION_REQUIRED = "precondition-required", 428, "The request must say which revision it changes",
        cause: "Without an `If-Match` header a change could overwrite what somebody else just wrote.",
        remedy: "Send the header that `detail` shows, or `If-Match: *` to overwrite whatever is there.",
        example: "curl -X PATCH -H \"Authorization: Bearer $TOKEN\" -H 'If-Match: \"r1\"' -H 'Content-Type: application/json' -d '{\"title\":\"New\"}' http://127.0.0.1:8080/v1/editorial/articles/$ID";
    INTERNAL_ERROR = "internal-error", 500, "The server failed",
        cause: "A defect of this server. It is in its log under the request id.",
        remedy: "Send the request again later, and tell the people who run the server the `request_id`.",
        example: "curl http://127.0.0.1:8080/readyz";
    SERVICE_UNAVAILABLE = "service-unavailable", 503, "The server cannot answer just now",
        cause: "The database is busy or out of reach, or the answer took too long.",
        remedy: "Send the same request again after the seconds in `Retry-After`.",
        example: "curl http://127.0.0.1:8080/readyz";
}
