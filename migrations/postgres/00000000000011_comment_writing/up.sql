-- Readers whom the identity provider of the site vouches for: its issuer and its subject name one.
CREATE TABLE commenters (
    id UUID NOT NULL PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE UNIQUE INDEX commenters_by_subject ON commenters (issuer, subject);

-- What is known of who wrote a comment and is never shown to readers: apart from `comments`, so that no query for readers
-- can load it, and with a time at which it is forgotten. `network_key` is a keyed hash, and so is `text_digest`, by which
-- the same text is known again.
CREATE TABLE comment_writers (
    comment_id UUID NOT NULL PRIMARY KEY REFERENCES comments (id) ON DELETE CASCADE,
    article_id UUID NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    account_id UUID REFERENCES accounts (id),
    commenter_id UUID REFERENCES commenters (id),
    email TEXT,
    network_key UUID,
    text_digest UUID,
    edit_token_hash TEXT,
    written_at TIMESTAMPTZ NOT NULL,
    withdrawn_at TIMESTAMPTZ
);

CREATE INDEX comment_writers_by_digest ON comment_writers (article_id, text_digest);
CREATE INDEX comment_writers_to_forget ON comment_writers (written_at) WHERE email IS NOT NULL OR network_key IS NOT NULL;

INSERT INTO comment_writers (comment_id, article_id, email, written_at)
SELECT id, article_id, author_email, created_at FROM comments WHERE author_email IS NOT NULL;

ALTER TABLE comments DROP COLUMN author_email;
-- When the writer last changed the text, and the `change_sequence` of the thread when what readers see of the comment last
-- changed: what a listener has missed is one index range.
ALTER TABLE comments ADD COLUMN edited_at TIMESTAMPTZ;
ALTER TABLE comments ADD COLUMN change_sequence BIGINT NOT NULL DEFAULT 1;

CREATE INDEX comments_by_change ON comments (article_id, change_sequence, path);

-- What a comment said before it was edited, for moderators; number 1 is the text as it was posted.
CREATE TABLE comment_revisions (
    comment_id UUID NOT NULL REFERENCES comments (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    body_markdown TEXT NOT NULL,
    written_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (comment_id, number)
);

-- One vote of a reader: `voter` is an account, a commenter or the keyed hash of a network.
CREATE TABLE comment_votes (
    comment_id UUID NOT NULL REFERENCES comments (id) ON DELETE CASCADE,
    voter UUID NOT NULL,
    value INTEGER NOT NULL CHECK (value IN (-1, 1)),
    voted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (comment_id, voter)
);

-- `close_after_days`: the rule of the article itself, 0 for never; without one that of the section counts, then that of the
-- site. `closes_at`: what the rule comes to.
ALTER TABLE threads ADD COLUMN closed_reason TEXT CHECK (closed_reason IN ('editors', 'age', 'document'));
ALTER TABLE threads ADD COLUMN closes_at TIMESTAMPTZ;
ALTER TABLE threads ADD COLUMN close_after_days INTEGER;

UPDATE threads SET closed_reason = 'editors' WHERE state <> 'open';

CREATE INDEX threads_to_close ON threads (closes_at) WHERE state = 'open' AND closes_at IS NOT NULL;

ALTER TABLE sections ADD COLUMN comments_close_after_days INTEGER;
ALTER TABLE site_settings ADD COLUMN comments_close_after_days INTEGER;
ALTER TABLE site_settings ADD COLUMN comments_from TEXT NOT NULL DEFAULT 'everyone' CHECK (comments_from IN ('everyone', 'identified'));
ALTER TABLE site_settings ADD COLUMN votes_from TEXT NOT NULL DEFAULT 'everyone' CHECK (votes_from IN ('everyone', 'identified', 'nobody'));
ALTER TABLE site_settings ADD COLUMN comment_edit_minutes INTEGER NOT NULL DEFAULT 15;
ALTER TABLE site_settings ADD COLUMN comment_characters INTEGER NOT NULL DEFAULT 10000;
ALTER TABLE site_settings ADD COLUMN comment_links INTEGER NOT NULL DEFAULT 10;

-- Every opening and closing of a thread, with its reason; without an account it was the schedule.
CREATE TABLE thread_transitions (
    id UUID NOT NULL PRIMARY KEY,
    article_id UUID NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    reason TEXT,
    message TEXT,
    note TEXT,
    account_id UUID REFERENCES accounts (id),
    created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX thread_transitions_by_article ON thread_transitions (article_id, created_at, id);
