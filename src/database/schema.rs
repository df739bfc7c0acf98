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
    use diesel::sql_types::{Nullable, Text};
    use crate::database::timestamp::UtcTimestamp;

    signing_keys (kid) {
        kid -> Text,
        public_key -> Text,
        created_at -> UtcTimestamp,
        signs_from -> Nullable<UtcTimestamp>,
        retired_at -> Nullable<UtcTimestamp>,
        needed_until -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    accounts (id) {
        id -> Id,
        email -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Nullable<Text>,
        author_id -> Nullable<Id>,
        revision -> Integer,
        created_at -> UtcTimestamp,
        created_by -> Nullable<Id>,
        updated_at -> UtcTimestamp,
        disabled_at -> Nullable<UtcTimestamp>,
        last_login_at -> Nullable<UtcTimestamp>,
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
        avatar_url -> Nullable<Text>,
        avatar_alt -> Nullable<Text>,
        affiliation -> Nullable<Text>,
        links -> Text,
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
        state -> Text,
        section_id -> Nullable<Id>,
        series_id -> Nullable<Id>,
        series_position -> Nullable<Integer>,
        translation_of -> Nullable<Id>,
        external_source -> Nullable<Text>,
        external_id -> Nullable<Text>,
        dated_at -> Nullable<UtcTimestamp>,
        assignee_id -> Nullable<Id>,
        details -> Text,
        upload_token_id -> Nullable<Id>,
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
    use diesel::sql_types::{Integer, Text};
    use crate::database::ids::Id;

    article_authors (article_id, position) {
        article_id -> Id,
        position -> Integer,
        author_id -> Id,
        role -> Text,
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
        section_id -> Nullable<Id>,
        series_id -> Nullable<Id>,
        series_position -> Nullable<Integer>,
        translation_of -> Nullable<Id>,
        tag_count -> Integer,
        details -> Text,
        corrections -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    published_bylines (article_id, position) {
        article_id -> Id,
        position -> Integer,
        author_id -> Id,
        published_at -> UtcTimestamp,
        role -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
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
        rejected_count -> Integer,
        spam_count -> Integer,
        removed_count -> Integer,
        change_sequence -> BigInt,
        closed_reason -> Nullable<Text>,
        closes_at -> Nullable<UtcTimestamp>,
        close_after_days -> Nullable<Integer>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    comments (id) {
        id -> Id,
        article_id -> Id,
        parent_id -> Nullable<Id>,
        path -> Text,
        depth -> Integer,
        state -> Text,
        author_name -> Nullable<Text>,
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
        score -> Integer,
        last_activity_at -> UtcTimestamp,
        is_pinned -> Bool,
        is_featured -> Bool,
        is_staff -> Bool,
        is_visible -> Bool,
        branch_id -> Id,
        edited_at -> Nullable<UtcTimestamp>,
        change_sequence -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    commenters (id) {
        id -> Id,
        issuer -> Text,
        subject -> Text,
        name -> Text,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    comment_writers (comment_id) {
        comment_id -> Id,
        article_id -> Id,
        account_id -> Nullable<Id>,
        commenter_id -> Nullable<Id>,
        email -> Nullable<Text>,
        network_key -> Nullable<Id>,
        text_digest -> Nullable<Id>,
        edit_token_hash -> Nullable<Text>,
        written_at -> UtcTimestamp,
        withdrawn_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    comment_revisions (comment_id, number) {
        comment_id -> Id,
        number -> Integer,
        body_markdown -> Text,
        written_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    comment_votes (comment_id, voter) {
        comment_id -> Id,
        voter -> Id,
        value -> Integer,
        voted_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    thread_transitions (id) {
        id -> Id,
        article_id -> Id,
        from_state -> Text,
        to_state -> Text,
        reason -> Nullable<Text>,
        message -> Nullable<Text>,
        note -> Nullable<Text>,
        account_id -> Nullable<Id>,
        created_at -> UtcTimestamp,
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

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    revisions (article_id, revision) {
        article_id -> Id,
        revision -> Integer,
        kind -> Text,
        title -> Text,
        message -> Nullable<Text>,
        changed_fields -> Text,
        saved_at -> UtcTimestamp,
        saved_by -> Id,
        began_at -> UtcTimestamp,
        content -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    schedules (article_id) {
        article_id -> Id,
        revision -> Nullable<Integer>,
        publish_at -> Nullable<UtcTimestamp>,
        unpublish_at -> Nullable<UtcTimestamp>,
        set_at -> UtcTimestamp,
        set_by -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    corrections (id) {
        id -> Id,
        article_id -> Id,
        note -> Text,
        from_revision -> Nullable<Integer>,
        created_at -> UtcTimestamp,
        created_by -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    preview_links (id) {
        id -> Id,
        article_id -> Id,
        revision -> Integer,
        label -> Nullable<Text>,
        created_at -> UtcTimestamp,
        created_by -> Id,
        expires_at -> UtcTimestamp,
        revoked_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::Bool;
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    purged_articles (article_id) {
        article_id -> Id,
        was_public -> Bool,
        purged_at -> UtcTimestamp,
        purged_by -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    sections (id) {
        id -> Id,
        slug -> Text,
        name -> Text,
        description -> Nullable<Text>,
        parent_id -> Nullable<Id>,
        position -> Integer,
        depth -> Integer,
        path -> Text,
        tree_order -> Text,
        revision -> Integer,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        updated_by -> Nullable<Id>,
        comments_close_after_days -> Nullable<Integer>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::database::ids::Id;

    former_section_slugs (slug) {
        slug -> Text,
        section_id -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    tags (id) {
        id -> Id,
        slug -> Text,
        name -> Text,
        description -> Nullable<Text>,
        is_public -> Bool,
        merged_into -> Nullable<Id>,
        revision -> Integer,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        updated_by -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::database::ids::Id;

    former_tag_slugs (slug) {
        slug -> Text,
        tag_id -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;
    use crate::database::ids::Id;

    article_tags (article_id, position) {
        article_id -> Id,
        position -> Integer,
        tag_id -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    published_tags (article_id, position) {
        article_id -> Id,
        position -> Integer,
        tag_id -> Id,
        published_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    series (id) {
        id -> Id,
        slug -> Text,
        title -> Text,
        description -> Nullable<Text>,
        revision -> Integer,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        updated_by -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::database::ids::Id;

    former_series_slugs (slug) {
        slug -> Text,
        series_id -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    site_settings (id) {
        id -> Integer,
        revision -> Integer,
        revisions_kept -> Nullable<Integer>,
        autosave_fold_minutes -> Integer,
        title_characters -> Integer,
        custom_fields_schema -> Nullable<Text>,
        article_url -> Nullable<Text>,
        updated_at -> Nullable<UtcTimestamp>,
        updated_by -> Nullable<Id>,
        comments_close_after_days -> Nullable<Integer>,
        comments_from -> Text,
        votes_from -> Text,
        comment_edit_minutes -> Integer,
        comment_characters -> Integer,
        comment_links -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    article_notes (id) {
        id -> Id,
        article_id -> Id,
        body -> Text,
        revision -> Integer,
        about_revision -> Integer,
        created_at -> UtcTimestamp,
        created_by -> Id,
        updated_at -> UtcTimestamp,
        resolved_at -> Nullable<UtcTimestamp>,
        resolved_by -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    article_transitions (id) {
        id -> Id,
        article_id -> Id,
        step -> Text,
        from_state -> Text,
        to_state -> Text,
        revision -> Integer,
        note -> Nullable<Text>,
        made_by -> Text,
        created_at -> UtcTimestamp,
        created_by -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    password_links (id) {
        id -> Id,
        account_id -> Id,
        purpose -> Text,
        secret_hash -> Text,
        created_at -> UtcTimestamp,
        created_by -> Nullable<Id>,
        expires_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    sessions (id) {
        id -> Id,
        account_id -> Id,
        user_agent -> Nullable<Text>,
        address -> Nullable<Text>,
        network -> Id,
        created_at -> UtcTimestamp,
        last_used_at -> UtcTimestamp,
        expires_at -> UtcTimestamp,
        ended_at -> Nullable<UtcTimestamp>,
        end_reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    refresh_tokens (secret_hash) {
        secret_hash -> Text,
        session_id -> Id,
        created_at -> UtcTimestamp,
        used_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    api_tokens (id) {
        id -> Id,
        account_id -> Id,
        kind -> Text,
        name -> Text,
        secret_hash -> Text,
        scopes -> Text,
        author_id -> Nullable<Id>,
        created_at -> UtcTimestamp,
        created_by -> Id,
        expires_at -> UtcTimestamp,
        last_used_at -> Nullable<UtcTimestamp>,
        revoked_at -> Nullable<UtcTimestamp>,
        revoked_by -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    login_failures (subject) {
        subject -> Id,
        failures -> Integer,
        window_began_at -> UtcTimestamp,
        last_failed_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    audit_entries (id) {
        id -> Id,
        happened_at -> UtcTimestamp,
        actor_kind -> Text,
        account_id -> Nullable<Id>,
        credential_id -> Nullable<Id>,
        address -> Nullable<Text>,
        request_id -> Nullable<Text>,
        action -> Text,
        subject_kind -> Text,
        subject_id -> Text,
        subject_label -> Nullable<Text>,
        revision_before -> Nullable<Integer>,
        revision_after -> Nullable<Integer>,
        details -> Nullable<Text>,
        sequence -> Nullable<BigInt>,
        hash -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Text};

    audit_chain (only_row) {
        only_row -> Integer,
        sequence -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    media (id) {
        id -> Id,
        sha256 -> Text,
        stored_sha256 -> Text,
        kind -> Text,
        content_type -> Text,
        byte_size -> BigInt,
        file_name -> Text,
        width -> Nullable<Integer>,
        height -> Nullable<Integer>,
        blurhash -> Nullable<Text>,
        dominant_color -> Nullable<Text>,
        alt -> Nullable<Text>,
        caption -> Nullable<Text>,
        credit -> Nullable<Text>,
        focal_x -> Nullable<Integer>,
        focal_y -> Nullable<Integer>,
        revision -> Integer,
        created_at -> UtcTimestamp,
        created_by -> Id,
        updated_at -> UtcTimestamp,
        updated_by -> Id,
        api_token_id -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    mentions (id) {
        id -> Id,
        article_id -> Id,
        kind -> Text,
        state -> Text,
        source_url -> Nullable<Text>,
        title -> Nullable<Text>,
        author_name -> Nullable<Text>,
        excerpt -> Text,
        revision -> Integer,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::database::ids::Id;

    media_uses (media_id, subject_kind, subject_id, place) {
        media_id -> Id,
        subject_kind -> Text,
        subject_id -> Id,
        place -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    media_renditions (media_id, spec) {
        media_id -> Id,
        spec -> Text,
        content_type -> Text,
        sha256 -> Text,
        width -> Integer,
        height -> Integer,
        byte_size -> BigInt,
        created_at -> UtcTimestamp,
        last_used_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    mail_messages (id) {
        id -> Id,
        purpose -> Text,
        belongs_to -> Nullable<Id>,
        recipient -> Text,
        subject -> Text,
        body_text -> Text,
        unsubscribe_url -> Nullable<Text>,
        state -> Text,
        attempts -> Integer,
        next_attempt_at -> UtcTimestamp,
        claimed_until -> Nullable<UtcTimestamp>,
        last_error -> Nullable<Text>,
        failed_at -> Nullable<UtcTimestamp>,
        created_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    comment_subscriptions (id) {
        id -> Id,
        article_id -> Id,
        comment_id -> Nullable<Id>,
        target_id -> Id,
        email -> Text,
        token_hash -> Text,
        created_at -> UtcTimestamp,
        expires_at -> UtcTimestamp,
        confirmed_at -> Nullable<UtcTimestamp>,
        next_mail_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::Nullable;
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    comment_notices (subscription_id, comment_id) {
        subscription_id -> Id,
        comment_id -> Id,
        created_at -> UtcTimestamp,
        settled_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use crate::database::ids::Id;

    formerly_shown_comments (comment_id) {
        comment_id -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;
    use crate::database::ids::Id;
    use crate::database::timestamp::UtcTimestamp;

    confirmation_counts (subject) {
        subject -> Id,
        requests -> Integer,
        window_began_at -> UtcTimestamp,
    }
}

diesel::joinable!(article_authors -> authors (author_id));
diesel::joinable!(published_bylines -> authors (author_id));
diesel::joinable!(published_bylines -> published_articles (article_id));
diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    api_tokens,
    article_authors,
    article_notes,
    article_slugs,
    article_tags,
    article_transitions,
    articles,
    audit_chain,
    audit_entries,
    authors,
    comment_notices,
    comment_revisions,
    comment_subscriptions,
    comment_votes,
    comment_writers,
    commenters,
    comments,
    confirmation_counts,
    corrections,
    former_author_slugs,
    former_section_slugs,
    former_series_slugs,
    former_tag_slugs,
    formerly_shown_comments,
    login_failures,
    mail_messages,
    media,
    media_renditions,
    media_uses,
    mentions,
    password_links,
    preview_links,
    published_articles,
    published_bylines,
    published_tags,
    purged_articles,
    refresh_tokens,
    revisions,
    schedules,
    sections,
    series,
    sessions,
    site_settings,
    tags,
    thread_transitions,
    threads,
);
