//! One schema for both databases. What they store differently hides behind the two SQL types of this crate:
//! [`Id`](crate::database::ids::Id) and [`UtcTimestamp`](crate::database::timestamp::UtcTimestamp).

#![expect(missing_docs, reason = "the columns are explained where rows are defined")]

diesel::table! {
    installation (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::database::timestamp::UtcTimestamp;

    signing_keys (kid) {
        kid -> Text,
        public_key -> Text,
        created_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    accounts (id) {
        id -> Id,
        email -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Text,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    authors (id) {
        id -> Id,
        slug -> Text,
        name -> Text,
        bio_markdown -> Nullable<Text>,
        bio_html -> Nullable<Text>,
        url -> Nullable<Text>,
        is_public -> Bool,
        revision -> Integer,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        updated_by -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::database::ids::Id;

    former_author_slugs (slug) {
        slug -> Text,
        author_id -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    articles (id) {
        id -> Id,
        slug -> Text,
        title -> Text,
        subtitle -> Nullable<Text>,
        excerpt -> Nullable<Text>,
        lang -> Nullable<Text>,
        canonical_url -> Nullable<Text>,
        derived_excerpt -> Text,
        word_count -> Integer,
        revision -> Integer,
        published_revision -> Nullable<Integer>,
        published_at -> Nullable<UtcTimestamp>,
        created_at -> UtcTimestamp,
        created_by -> Id,
        updated_at -> UtcTimestamp,
        updated_by -> Id,
        body_markdown -> Text,
        body_html -> Text,
        body_text -> Text,
        extra -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Text};
    use crate::database::ids::Id;

    article_slugs (slug) {
        slug -> Text,
        article_id -> Id,
        is_held -> Bool,
        was_public -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;
    use crate::database::ids::Id;

    article_authors (article_id, position) {
        article_id -> Id,
        position -> Integer,
        author_id -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    published_articles (article_id) {
        article_id -> Id,
        slug -> Text,
        revision -> Integer,
        title -> Text,
        subtitle -> Nullable<Text>,
        excerpt -> Text,
        lang -> Nullable<Text>,
        canonical_url -> Nullable<Text>,
        word_count -> Integer,
        published_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        body_markdown -> Text,
        body_html -> Text,
        body_text -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    published_bylines (article_id, position) {
        article_id -> Id,
        position -> Integer,
        author_id -> Id,
        published_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    threads (article_id) {
        article_id -> Id,
        state -> Text,
        message -> Nullable<Text>,
        moderation -> Text,
        last_ordinal -> Integer,
        approved_count -> Integer,
        pending_count -> Integer,
        revision -> Integer,
        updated_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    comments (id) {
        id -> Id,
        article_id -> Id,
        parent_id -> Nullable<Id>,
        path -> Text,
        depth -> Integer,
        kind -> Text,
        state -> Text,
        author_name -> Nullable<Text>,
        author_email -> Nullable<Text>,
        author_url -> Nullable<Text>,
        article_revision -> Nullable<Integer>,
        reply_count -> Integer,
        descendant_count -> Integer,
        revision -> Integer,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        body_markdown -> Text,
        body_html -> Text,
        body_text -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    idempotency_records (principal, method, path, idempotency_key) {
        principal -> Id,
        method -> Text,
        path -> Text,
        idempotency_key -> Text,
        fingerprint -> Text,
        status -> Integer,
        location -> Nullable<Text>,
        etag -> Nullable<Text>,
        expires_at -> UtcTimestamp,
        body -> Text,
    }
}

diesel::joinable!(article_authors -> authors (author_id));
diesel::joinable!(published_bylines -> authors (author_id));
diesel::joinable!(published_bylines -> published_articles (article_id));
diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    articles,
    article_authors,
    article_slugs,
    authors,
    comments,
    former_author_slugs,
    published_articles,
    published_bylines,
    threads,
);
