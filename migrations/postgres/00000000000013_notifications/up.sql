-- Messages that wait to be sent, and those that were refused for good. One that was sent is removed. `belongs_to` is what
-- the message is about: when that goes, the message goes. A server that sends one holds it until `claimed_until`.
CREATE TABLE mail_messages (
    id UUID NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('confirmation', 'notice')),
    belongs_to UUID,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body_text TEXT NOT NULL,
    unsubscribe_url TEXT,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at TIMESTAMPTZ NOT NULL,
    claimed_until TIMESTAMPTZ,
    last_error TEXT,
    failed_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX mail_messages_to_send ON mail_messages (next_attempt_at, id) WHERE state = 'waiting';
CREATE INDEX mail_messages_that_failed ON mail_messages (failed_at) WHERE failed_at IS NOT NULL;
CREATE INDEX mail_messages_by_subject ON mail_messages (belongs_to) WHERE belongs_to IS NOT NULL;

-- Who is told of new comments: of answers below `comment_id`, or of all of the article. `target_id` is the comment, or the
-- article where there is none. An address that is not confirmed yet is removed at `expires_at`.
CREATE TABLE comment_subscriptions (
    id UUID NOT NULL PRIMARY KEY,
    article_id UUID NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    comment_id UUID REFERENCES comments (id) ON DELETE CASCADE,
    target_id UUID NOT NULL,
    email TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    confirmed_at TIMESTAMPTZ,
    next_mail_at TIMESTAMPTZ
);

CREATE UNIQUE INDEX comment_subscriptions_by_target ON comment_subscriptions (target_id, email);
CREATE UNIQUE INDEX comment_subscriptions_by_token ON comment_subscriptions (token_hash);
CREATE INDEX comment_subscriptions_by_article ON comment_subscriptions (article_id) WHERE confirmed_at IS NOT NULL;
CREATE INDEX comment_subscriptions_by_comment ON comment_subscriptions (comment_id) WHERE comment_id IS NOT NULL;
CREATE INDEX comment_subscriptions_to_forget ON comment_subscriptions (expires_at) WHERE confirmed_at IS NULL;

-- Of which comment a subscription tells, and since when it has.
CREATE TABLE comment_notices (
    subscription_id UUID NOT NULL REFERENCES comment_subscriptions (id) ON DELETE CASCADE,
    comment_id UUID NOT NULL REFERENCES comments (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    settled_at TIMESTAMPTZ,
    PRIMARY KEY (subscription_id, comment_id)
);

CREATE INDEX comment_notices_by_comment ON comment_notices (comment_id);
CREATE INDEX comment_notices_waiting ON comment_notices (subscription_id) WHERE settled_at IS NULL;
CREATE INDEX comment_notices_settled ON comment_notices (settled_at) WHERE settled_at IS NOT NULL;

-- Comments that readers saw and that were taken away: nobody is told of them when they come back.
CREATE TABLE formerly_shown_comments (
    comment_id UUID NOT NULL PRIMARY KEY REFERENCES comments (id) ON DELETE CASCADE
);

-- How many confirmations were asked for within a day: `subject` is the keyed hash of an address or a network.
CREATE TABLE confirmation_counts (
    subject UUID NOT NULL PRIMARY KEY,
    requests INTEGER NOT NULL,
    window_began_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX confirmation_counts_to_forget ON confirmation_counts (window_began_at);
