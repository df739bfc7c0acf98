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
    IDEMPOTENCY_KEY_REQUIRED = "idempotency-key-required", 400, "This route needs an idempotency key",
        cause: "The request changes many things at once and carries no `Idempotency-Key`, so that sending it again could double its effects.",
        remedy: "Send a key of your choice, such as a UUID; keep it to send the very same request again.",
        example: "curl -X POST -H \"Authorization: Bearer $TOKEN\" -H \"Idempotency-Key: $(uuidgen)\" -H 'Content-Type: application/json' --data-binary @bulk.json http://127.0.0.1:8080/v1/editorial/articles/bulk";
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
    REFRESH_TOKEN_INVALID = "refresh-token-invalid", 401, "The refresh token is not valid",
        cause: "The refresh token was used before, its session has ended, or there never was one. Which of these is not told. A token that is used twice ends its session, since somebody else may have it.",
        remedy: "Log in again with `POST /v1/auth/login`, and keep the newest refresh token only.",
        example: "curl -H 'Content-Type: application/json' -d '{\"email\":\"ada@example.org\",\"password\":\"…\"}' http://127.0.0.1:8080/v1/auth/login";
    TOKEN_INVALID = "token-invalid", 401, "The token is not valid",
        cause: "The token has expired, was not made by this installation, is of another kind, or is damaged.",
        remedy: "Log in again with `POST /v1/auth/login` and send the new `access_token`.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/auth/me";
    COMMENTS_CLOSED = "comments-closed", 403, "The thread takes no new comments",
        cause: "The thread of this article is closed, read-only or hidden. `message` is what the editors say about it.",
        remedy: "Nothing, as a reader. Editors open it with `PATCH /v1/editorial/threads/{article_id}`.",
        example: "curl -X PATCH -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '{\"state\":\"open\"}' http://127.0.0.1:8080/v1/editorial/threads/$ID";
    CURRENT_PASSWORD_WRONG = "current-password-wrong", 403, "The present password is wrong",
        cause: "A new password is only taken together with the present one, and this is not it.",
        remedy: "Send the present password as `current_password`. Who has lost it asks an administrator to reset it.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '{\"current_password\":\"…\",\"new_password\":\"…\"}' http://127.0.0.1:8080/v1/auth/password";
    EDIT_WINDOW_OVER = "edit-window-over", 403, "The comment cannot be edited any more",
        cause: "Readers edit a comment for some minutes after they posted it, as many as the site says. That time is over, or the site has none.",
        remedy: "Answer the comment, or withdraw it with `DELETE /v1/comments/{id}/own`.",
        example: "curl -X DELETE -H \"Authorization: Bearer $EDIT_TOKEN\" http://127.0.0.1:8080/v1/comments/$ID/own";
    FIELD_FORBIDDEN = "field-forbidden", 403, "The account may not set this field",
        cause: "Some fields of an article are for editors: what a contributor or an author may set stands in the table of permissions.",
        remedy: "`errors` names each field. Leave them as they are, or ask an editor to set them. Nothing was stored.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/auth/me";
    INSUFFICIENT_SCOPE = "insufficient-scope", 403, "The account may not do this",
        cause: "The role of the account does not include what this route needs.",
        remedy: "Ask an administrator for a role that has the scope named in `detail`.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/auth/me";
    LINK_INVALID = "link-invalid", 403, "The link is not good, or not any more",
        cause: "A link that sets a password works once and for a limited time. Whether this one is unknown, used or over is not told.",
        remedy: "Ask an administrator for another invitation or another reset.",
        example: "curl -X POST -H \"Authorization: Bearer $TOKEN\" -H 'If-Match: *' http://127.0.0.1:8080/v1/editorial/users/$ID/invite";
    NOT_THE_UPLOADER = "not-the-uploader", 403, "Somebody else uploaded this",
        cause: "Authors and contributors change and remove only the files that they uploaded themselves.",
        remedy: "Ask an editor, or upload a file of your own.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" 'http://127.0.0.1:8080/v1/editorial/media?uploaded_by=$ACCOUNT_ID'";
    NOT_THE_WRITER = "not-the-writer", 403, "Somebody else wrote this",
        cause: "A note is changed by the account that wrote it, and removed by that account or by an administrator.",
        remedy: "Write a note of your own, or resolve the one there is with `{\"resolved\": true}`.",
        example: "curl -X PATCH -H \"Authorization: Bearer $TOKEN\" -H 'If-Match: *' -H 'Content-Type: application/json' -d '{\"resolved\":true}' http://127.0.0.1:8080/v1/editorial/articles/$ID/notes/$NOTE_ID";
    PUBLISHED_BEFORE = "published-before", 403, "Readers have seen this article",
        cause: "A contributor throws away what was never published. What readers have seen is thrown away by those who may publish.",
        remedy: "Ask an editor to take it away from readers or to throw it away.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/articles/$ID/transitions";
    SESSION_REQUIRED = "session-required", 403, "This is for people, not for scripts",
        cause: "The request carries an API token. Passwords, sessions and new tokens are changed by a person who logged in, so that a token that leaks cannot make itself another.",
        remedy: "Log in with `POST /v1/auth/login` and send the `access_token`.",
        example: "curl -X POST -H \"Authorization: Bearer $ACCESS_TOKEN\" -H 'Content-Type: application/json' -d '{\"name\":\"Nightly import\",\"scopes\":[\"articles:read\"]}' http://127.0.0.1:8080/v1/editorial/tokens";
    RENDITION_NOT_ALLOWED = "rendition-not-allowed", 403, "This size is made for the newsroom only",
        cause: "The size is none of those that everybody may ask for, and the address is not signed, or its signature is of another size or picture.",
        remedy: "Ask for one of the sizes that `errors` lists, or take a signed address from `GET /v1/editorial/media/{id}/rendition-url`, whole.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" 'http://127.0.0.1:8080/v1/editorial/media/$ID/rendition-url?width=700&height=300&fit=cover'";
    VOTES_OFF = "votes-off", 403, "The site takes no votes",
        cause: "The settings of the site say that nobody votes on comments.",
        remedy: "Nothing, as a reader.",
        example: "curl http://127.0.0.1:8080/v1/comments/$ID";
    NOT_FOUND = "not-found", 404, "There is nothing here",
        cause: "No route has this path, or what it names is absent or not visible to you.",
        remedy: "Check the path and the id; `/openapi.json` lists all routes.",
        example: "curl http://127.0.0.1:8080/openapi.json";
    NOTIFICATIONS_OFF = "notifications-off", 404, "Nobody is told of comments here",
        cause: "This installation sends no mail, so that nobody can subscribe to comments.",
        remedy: "Tell the people who run the server: `GALLEY_SMTP_URL` and `GALLEY_MAIL_FROM` switch it on.",
        example: "curl http://127.0.0.1:8080/v1/articles/$ID/comments";
    SUBSCRIPTION_LINK_INVALID = "subscription-link-invalid", 404, "The link is not good, or not any more",
        cause: "A link that confirms a subscription is good for 48 hours, and for the last mail that asked. Whether this one is unknown or over is not told.",
        remedy: "Subscribe again to get another link, and take it whole out of the mail.",
        example: "curl -H 'Content-Type: application/json' -d '{\"email\":\"grace@example.org\"}' http://127.0.0.1:8080/v1/comments/$ID/subscriptions";
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "The path has no such method",
        cause: "The path exists, and not with this method.",
        remedy: "The `Allow` header lists the methods there are.",
        example: "curl -i -X OPTIONS http://127.0.0.1:8080/v1/articles";
    NOT_ACCEPTABLE = "not-acceptable", 406, "There is no such form of it",
        cause: "The `Accept` header names only media types in which this is not given.",
        remedy: "`detail` names the forms there are. Name one of them, or leave the header out.",
        example: "curl -H 'Accept: text/plain' http://127.0.0.1:8080/v1/articles/by-slug/a-walk-through-the-harbour/document";
    REQUEST_TIMEOUT = "request-timeout", 408, "The body did not arrive in time",
        cause: "The connection was too slow, or stopped in the middle of the body.",
        remedy: "Send the request again; nothing was stored.",
        example: "curl --data-binary @article.md -H 'Content-Type: text/markdown' http://127.0.0.1:8080/v1/editorial/documents";
    ALREADY_VOTED = "already-voted", 409, "You have voted like this before",
        cause: "Every reader has one vote on a comment, and yours says this already. Readers who send no token are known by the network that they call from.",
        remedy: "Send the other value to change the vote, or `DELETE` to take it back.",
        example: "curl -X DELETE http://127.0.0.1:8080/v1/comments/$ID/votes";
    AUTHOR_IN_USE = "author-in-use", 409, "Something needs the author",
        cause: "An author who stands in a byline, or whom an account writes as, cannot be deleted.",
        remedy: "`detail` says which of them. Give those articles another byline first, which `GET /v1/editorial/articles?author={slug}` lists, or link the accounts of `GET /v1/editorial/users?author={slug}` to somebody else.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" 'http://127.0.0.1:8080/v1/editorial/articles?author=ada-lovelace'";
    AUTHOR_UNKNOWN = "author-unknown", 409, "There is no author with this slug",
        cause: "The byline names an author by a slug that nobody has.",
        remedy: "Create the author first, or give `name` in place of `slug` to make one.",
        example: "curl http://127.0.0.1:8080/v1/authors";
    BULK_REFUSED = "bulk-refused", 409, "One of the operations cannot be carried out, so none was",
        cause: "The operations were to be carried out all or none, and at least one of them is refused.",
        remedy: "`errors` names each refused operation by its place. Mend or remove it, or send `atomic=false` to carry out the others.",
        example: "curl -X POST -H \"Authorization: Bearer $TOKEN\" -H \"Idempotency-Key: $(uuidgen)\" -H 'Content-Type: application/json' --data-binary @bulk.json 'http://127.0.0.1:8080/v1/editorial/articles/bulk?atomic=false'";
    COMMENT_REFUSED = "comment-refused", 409, "A moderator refused the comment",
        cause: "What a moderator refused or took away cannot be edited by its writer.",
        remedy: "Write another comment, or withdraw this one with `DELETE /v1/comments/{id}/own`.",
        example: "curl -H \"Authorization: Bearer $EDIT_TOKEN\" http://127.0.0.1:8080/v1/comments/$ID/own";
    COMMENT_WITHDRAWN = "comment-withdrawn", 409, "The writer took the comment back",
        cause: "A comment that was withdrawn is erased: nothing of it is left to show or to change, and nobody can bring it back.",
        remedy: "Nothing. Its writer can write another one.",
        example: "curl -H \"Authorization: Bearer $EDIT_TOKEN\" http://127.0.0.1:8080/v1/comments/$ID/own";
    DUPLICATE_COMMENT = "duplicate-comment", 409, "The comment was posted before",
        cause: "The same writer posted the same text in answer to the same within the last 24 hours. Capitals and blanks do not make another text.",
        remedy: "`conflicting_id` is the comment, if readers see it. Nothing needs to be done, or write something else.",
        example: "curl http://127.0.0.1:8080/v1/articles/$ID/comments";
    EMAIL_TAKEN = "email-taken", 409, "Another account has this e-mail address",
        cause: "One logs in with the e-mail address, so that no two accounts have the same.",
        remedy: "`conflicting_id` names the other account. Change that one, or give another address.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/users/$ID";
    EXTERNAL_ID_TAKEN = "external-id-taken", 409, "Another article has this external id",
        cause: "The name of an article in another system leads to one article only.",
        remedy: "Change the article that `conflicting_id` names, or give another id.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/articles/$ID";
    IDEMPOTENCY_IN_FLIGHT = "idempotency-in-flight", 409, "The first request with this key is not done yet",
        cause: "A request with the same `Idempotency-Key` came in before this one and is still being carried out.",
        remedy: "Send the same request again after the seconds in `Retry-After`; it gets the answer of the first one.",
        example: "curl -X POST -H \"Authorization: Bearer $TOKEN\" -H 'Idempotency-Key: \"8e03978e\"' -H 'Content-Type: application/json' --data-binary @article.json http://127.0.0.1:8080/v1/editorial/articles";
    ILLEGAL_TRANSITION = "illegal-transition", 409, "The article cannot take this step from where it stands",
        cause: "An article goes from step to step: what is in the trash cannot be published, and what nobody sees cannot be unpublished.",
        remedy: "`legal_steps` names the steps that can be taken from `current_status`.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/articles/$ID";
    LAST_ADMINISTRATOR = "last-administrator", 409, "Nobody could administer the installation any more",
        cause: "The account is the last active administrator. Without one nobody could invite people or let them in again.",
        remedy: "Make another active account an administrator first.",
        example: "curl -X PATCH -H \"Authorization: Bearer $TOKEN\" -H 'If-Match: *' -H 'Content-Type: application/json' -d '{\"role\":\"administrator\"}' http://127.0.0.1:8080/v1/editorial/users/$ID";
    MEDIA_IN_USE = "media-in-use", 409, "Something shows the file",
        cause: "A file that an article or an author shows cannot be deleted. What readers see of an article counts, too.",
        remedy: "`used_by` names some of the places, and `…/uses` all of them. Take the file out of those first, and publish again what readers see.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/media/$ID/uses";
    NOT_READY = "not-ready", 409, "Preflight found errors",
        cause: "Something is wrong with the article that readers would notice, such as a link to an article that does not exist.",
        remedy: "`errors` names each. Mend them; `…/preflight` shows warnings too. An administrator can publish all the same with `{\"force\": true}`.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/articles/$ID/preflight";
    OWN_COMMENT = "own-comment", 409, "Nobody votes on their own comment",
        cause: "You wrote the comment, or it came from the network that you call from, by which readers without a token are known.",
        remedy: "Nothing.",
        example: "curl http://127.0.0.1:8080/v1/comments/$ID";
    PARENT_UNKNOWN = "parent-unknown", 409, "The comment to reply to is not in this thread",
        cause: "`parent_id` names no comment of this article that readers can see.",
        remedy: "Reply to a comment of the same article, or leave `parent_id` out.",
        example: "curl http://127.0.0.1:8080/v1/articles/$ID/comments";
    REFERENCE_UNKNOWN = "reference-unknown", 409, "Something that the request names does not exist",
        cause: "The request names a section, a series, an article or an account that is not there.",
        remedy: "`errors` names the member. Create the thing first, or name one that exists.",
        example: "curl http://127.0.0.1:8080/v1/sections";
    REVISION_UNKNOWN = "revision-unknown", 409, "The article has no such revision",
        cause: "The request names a revision that the article never had, or that is no longer kept.",
        remedy: "Name one that `GET /v1/editorial/articles/{id}/revisions` lists, or leave `revision` out to take the current one.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/articles/$ID/revisions";
    SECTION_CYCLE = "section-cycle", 409, "The section would stand below itself",
        cause: "The parent that was named is the section itself, or stands below it.",
        remedy: "`detail` names the way back. Name another parent, or move that one out of the section first.",
        example: "curl http://127.0.0.1:8080/v1/sections";
    SECTION_IN_USE = "section-in-use", 409, "Something needs the section",
        cause: "A section that has sections below it or articles in it cannot be deleted. What readers see of an article counts, too.",
        remedy: "`detail` says which of them. Give those another section first.",
        example: "curl http://127.0.0.1:8080/v1/sections";
    SECTION_TOO_DEEP = "section-too-deep", 409, "The section would stand too deep",
        cause: "The tree of sections has at most 8 levels, and a section that moves takes along all below it.",
        remedy: "Name a parent further up.",
        example: "curl http://127.0.0.1:8080/v1/sections";
    SECTION_UNKNOWN = "section-unknown", 409, "There is no section with this slug",
        cause: "The request names a section by a slug that none has now.",
        remedy: "Make the section first, or name one of `GET /v1/sections`.",
        example: "curl http://127.0.0.1:8080/v1/sections";
    SERIES_IN_USE = "series-in-use", 409, "The series has articles",
        cause: "A series that articles belong to cannot be deleted. What readers see of an article counts, too.",
        remedy: "Take those articles out of the series first, and publish again what readers see.",
        example: "curl http://127.0.0.1:8080/v1/series";
    SLUG_TAKEN = "slug-taken", 409, "Something else has this slug",
        cause: "A slug is part of an address, so only one can have it.",
        remedy: "Send another slug; `suggestion` is one that is free.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" --data-binary @article.txt -H 'Content-Type: text/plain' 'http://127.0.0.1:8080/v1/editorial/documents?slug=another-slug'";
    TAG_CYCLE = "tag-cycle", 409, "A tag cannot be merged into itself",
        cause: "The tag to merge into is the tag that would be merged, or was merged into it before.",
        remedy: "Name another tag in `into`.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/tags";
    TAG_IN_USE = "tag-in-use", 409, "Articles have the tag",
        cause: "A tag that an article has, or that readers see on a published one, cannot be deleted.",
        remedy: "Take it from those articles first, or merge it into another tag.",
        example: "curl -X POST -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '{\"into\":\"open-source\"}' http://127.0.0.1:8080/v1/editorial/tags/$ID/merge";
    TAG_NAME_TAKEN = "tag-name-taken", 409, "Another tag has this name",
        cause: "Articles name tags by their names, so two tags cannot have one name, be it with other capitals.",
        remedy: "Use the tag that `conflicting_id` names, or merge the two.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/tags";
    TAG_UNKNOWN = "tag-unknown", 409, "There is no tag with this slug",
        cause: "The request names a tag by a slug that no tag has or had.",
        remedy: "Create the tag first, or name one that is there.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/tags";
    THREAD_TOO_DEEP = "thread-too-deep", 409, "The reply would be nested too deeply",
        cause: "Threads nest at most 32 levels.",
        remedy: "Reply to a comment further up.",
        example: "curl http://127.0.0.1:8080/v1/articles/$ID/comments";
    TOO_MANY = "too-many", 409, "There are as many of these as there may be",
        cause: "An article has at most 100 corrections, at most 100 preview links that are still good, and at most 10 pinned comments; an account has at most 100 API tokens that are still good.",
        remedy: "Remove a correction, unpin a comment, or revoke a preview link or a token that nobody needs any more.",
        example: "curl -X DELETE -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/articles/$ID/preview-links/$LINK_ID";
    TRANSLATION_TAKEN = "translation-taken", 409, "There is a translation into this language already",
        cause: "The articles that are translations of one another have a language each.",
        remedy: "Change the article that `conflicting_id` names, or give another `lang` or `translation_of`.",
        example: "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/articles/$ID";
    USER_STATE = "user-state", 409, "The account is in another state than this needs",
        cause: "Only somebody who has not accepted an invitation is invited again, and only the password of an active account is reset.",
        remedy: "`current_status` says where the account stands, and `detail` what to do in its place.",
        example: "curl -X POST -H \"Authorization: Bearer $TOKEN\" -H 'If-Match: *' http://127.0.0.1:8080/v1/editorial/users/$ID/enable";
    GONE = "gone", 410, "It was removed for good",
        cause: "The article was here once, and was purged with everything that belonged to it.",
        remedy: "Nothing brings it back. Take the address out of where you found it.",
        example: "curl http://127.0.0.1:8080/v1/articles";
    PREVIEW_ENDED = "preview-ended", 410, "The preview is not shown any more",
        cause: "The time of the link is over, or the newsroom ended it.",
        remedy: "Ask the person who sent the link for a new one: `POST /v1/editorial/articles/{id}/preview-links`.",
        example: "curl -X POST -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/articles/$ID/preview-links";
    PRECONDITION_FAILED = "precondition-failed", 412, "It was changed since you read it",
        cause: "The `If-Match` header names a revision that is no longer the current one, or `If-None-Match: *` met something that exists.",
        remedy: "Read it again, apply your change to what you find, and send the new `ETag`. `current_etag` is the tag to send.",
        example: "curl -X PATCH -H \"Authorization: Bearer $TOKEN\" -H 'If-Match: \"r2\"' -H 'Content-Type: application/json' -d '{\"title\":\"New\"}' http://127.0.0.1:8080/v1/editorial/articles/$ID";
    PAYLOAD_TOO_LARGE = "payload-too-large", 413, "The body is too large",
        cause: "The body is longer than this installation takes.",
        remedy: "`detail` names the limit; `GALLEY_MAX_BODY_BYTES` sets it, and `GALLEY_MAX_MEDIA_BYTES` that of files.",
        example: "curl --data-binary @article.md -H 'Content-Type: text/markdown' http://127.0.0.1:8080/v1/editorial/documents";
    MEDIA_TYPE_MISMATCH = "media-type-mismatch", 415, "The file is not what the request says it is",
        cause: "The type that the request names, or that the extension of the name stands for, is another than the one that the bytes have.",
        remedy: "`detail` names both. Send the type that the file has, or `application/octet-stream` with a name that fits it.",
        example: "curl -T picture.jpg -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/media/files/";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", 415, "The body is in a form that this route does not take",
        cause: "The `Content-Type` or `Content-Encoding` header is missing or names another form.",
        remedy: "`detail` names the forms that the route takes, and the `Accept-Post` or `Accept-Patch` header lists them.",
        example: "curl -H 'Content-Type: application/json' --data-binary @article.json http://127.0.0.1:8080/v1/editorial/articles";
    USE_DATA_BINARY = "use-data-binary", 415, "The document was sent as a form",
        cause: "curl's `-d` sends a form and cuts the line ends out of a file, so that the document cannot be read any more.",
        remedy: "Use `--data-binary` and name the content type.",
        example: "curl --data-binary @article.txt -H 'Content-Type: text/plain' http://127.0.0.1:8080/v1/editorial/documents";
    RANGE_NOT_SATISFIABLE = "range-not-satisfiable", 416, "The file has no such part",
        cause: "The `Range` header asks for bytes behind the end of the file.",
        remedy: "The `Content-Range` header tells how long the file is. Ask for a part of that, or leave `Range` out.",
        example: "curl -H 'Range: bytes=0-1023' http://127.0.0.1:8080/v1/media/$ID/file";
    DOCUMENT_AMBIGUOUS = "document-ambiguous", 422, "The document can be read in more than one way",
        cause: "`strict=true` refuses a document when a part of it is ambiguous.",
        remedy: "`errors` names the lines. Mend them, give a hint (`title`, `author`, `comments=none`), or leave `strict` out.",
        example: "curl --data-binary @article.txt -H 'Content-Type: text/plain' 'http://127.0.0.1:8080/v1/editorial/documents?title=The+title'";
    DOCUMENT_INVALID = "document-invalid", 422, "The document cannot be read",
        cause: "The text breaks a rule of its format: no title, front matter that does not parse, bytes that are not text.",
        remedy: "`errors` names the line and the column, and how to mend it.",
        example: "curl --data-binary @article.txt -H 'Content-Type: text/plain' http://127.0.0.1:8080/v1/editorial/documents";
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused", 422, "Another request had this key",
        cause: "The `Idempotency-Key` was sent within the last 24 hours with another body, query or `Content-Type`.",
        remedy: "Make a new key for a new request; keep a key only to send the very same request again.",
        example: "curl -X POST -H \"Authorization: Bearer $TOKEN\" -H \"Idempotency-Key: $(uuidgen)\" -H 'Content-Type: application/json' --data-binary @article.json http://127.0.0.1:8080/v1/editorial/articles";
    RENDITION_UNAVAILABLE = "rendition-unavailable", 422, "Nothing smaller can be made of this file",
        cause: "The file is no picture, or a picture in a format that the server does not decode: SVG or AVIF.",
        remedy: "Use the file itself: `GET /v1/media/{id}/file`. Upload a JPEG, PNG, GIF or WebP to get renditions.",
        example: "curl -O http://127.0.0.1:8080/v1/media/$ID/file";
    VALIDATION_FAILED = "validation-failed", 422, "A field has a value it cannot have",
        cause: "The body is JSON, and one or more of its members are missing, unknown, of the wrong type or out of bounds.",
        remedy: "`errors` names every wrong member with a JSON Pointer (RFC 6901) and says what it accepts.",
        example: "curl -H 'Content-Type: application/json' -d '{\"title\":\"A title\",\"body_markdown\":\"Text\"}' http://127.0.0.1:8080/v1/editorial/articles";
    PRECONDITION_REQUIRED = "precondition-required", 428, "The request must say which revision it changes",
        cause: "Without an `If-Match` header a change could overwrite what somebody else just wrote.",
        remedy: "Send the header that `detail` shows, or `If-Match: *` to overwrite whatever is there.",
        example: "curl -X PATCH -H \"Authorization: Bearer $TOKEN\" -H 'If-Match: \"r1\"' -H 'Content-Type: application/json' -d '{\"title\":\"New\"}' http://127.0.0.1:8080/v1/editorial/articles/$ID";
    COMMENT_FLOOD = "comment-flood", 429, "There were too many comments at once",
        cause: "More comments or previews came from your network, or from the reader whom your token names, than are taken in a time.",
        remedy: "Wait for the seconds in `Retry-After`. The headers `RateLimit` and `RateLimit-Policy` tell how many are left. `GALLEY_COMMENT_RATE` sets the rates.",
        example: "curl -i -H 'Content-Type: application/json' -d '{\"author_name\":\"Grace\",\"body_markdown\":\"Well said.\"}' http://127.0.0.1:8080/v1/articles/$ID/comments";
    LOGIN_THROTTLED = "login-throttled", 429, "There were too many failed attempts",
        cause: "Within 15 minutes, the password of this account was wrong too often from your network, or too many attempts failed from there.",
        remedy: "Wait for the seconds in `Retry-After`. Nobody can shut you out from elsewhere: the count is the one of your network. `GALLEY_RATE_LIMITS=off` switches it off.",
        example: "curl -i -H 'Content-Type: application/json' -d '{\"email\":\"ada@example.org\",\"password\":\"…\"}' http://127.0.0.1:8080/v1/auth/login";
    INTERNAL_ERROR = "internal-error", 500, "The server failed",
        cause: "A defect of this server. It is in its log under the request id.",
        remedy: "Send the request again later, and tell the people who run the server the `request_id`.",
        example: "curl http://127.0.0.1:8080/readyz";
    SERVICE_UNAVAILABLE = "service-unavailable", 503, "The server cannot answer just now",
        cause: "The database is busy or out of reach, or the answer took too long.",
        remedy: "Send the same request again after the seconds in `Retry-After`.",
        example: "curl http://127.0.0.1:8080/readyz";
    STORAGE_FULL = "storage-full", 507, "There is no room for the file",
        cause: "The disk, the quota or the bucket that holds the files is full.",
        remedy: "Nothing was stored. Tell the people who run the server; send the file again when there is room.",
        example: "curl -T picture.jpg -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/editorial/media/files/";
}
