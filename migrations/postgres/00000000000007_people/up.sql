-- An account that was invited has no password yet.
ALTER TABLE accounts DROP CONSTRAINT accounts_role_check;
ALTER TABLE accounts ADD CONSTRAINT accounts_role_check
    CHECK (role IN ('administrator', 'editor', 'author', 'contributor', 'moderator', 'reader'));
ALTER TABLE accounts ALTER COLUMN password_hash DROP NOT NULL;
ALTER TABLE accounts ADD COLUMN author_id UUID REFERENCES authors (id);
ALTER TABLE accounts ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
ALTER TABLE accounts ADD COLUMN created_by UUID REFERENCES accounts (id);
ALTER TABLE accounts ADD COLUMN disabled_at TIMESTAMPTZ;
ALTER TABLE accounts ADD COLUMN last_login_at TIMESTAMPTZ;

CREATE INDEX accounts_by_creation ON accounts (created_at, id);
CREATE INDEX accounts_by_author ON accounts (author_id) WHERE author_id IS NOT NULL;
CREATE INDEX accounts_by_role ON accounts (role);

-- Links by which somebody sets a password without knowing one. Only the hash of the secret is kept.
CREATE TABLE password_links (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES accounts (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('invitation', 'reset')),
    secret_hash TEXT COLLATE "C" NOT NULL UNIQUE,
    created_at TIMESTAMPTZ NOT NULL,
    created_by UUID REFERENCES accounts (id),
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX password_links_by_account ON password_links (account_id);
CREATE INDEX password_links_by_expiry ON password_links (expires_at);

-- Log-ins that last. All refresh tokens of one session are one family.
CREATE TABLE sessions (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES accounts (id),
    user_agent TEXT,
    address TEXT,
    network UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    end_reason TEXT CHECK (end_reason IN ('logout', 'revoked', 'token_reused', 'password_changed', 'account_disabled'))
);

CREATE INDEX sessions_by_account ON sessions (account_id, created_at, id);
CREATE INDEX sessions_by_network ON sessions (account_id, network);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    secret_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    session_id UUID NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);

CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

-- Tokens for scripts. `scopes` are separated by blanks; `author_id` is whom a token of the kind 'upload' writes as.
CREATE TABLE api_tokens (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL CHECK (kind IN ('personal', 'upload')),
    name TEXT NOT NULL,
    secret_hash TEXT COLLATE "C" NOT NULL,
    scopes TEXT NOT NULL,
    author_id UUID REFERENCES authors (id),
    created_at TIMESTAMPTZ NOT NULL,
    created_by UUID NOT NULL REFERENCES accounts (id),
    expires_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ,
    revoked_by UUID REFERENCES accounts (id)
);

CREATE INDEX api_tokens_by_creation ON api_tokens (created_at, id);
CREATE INDEX api_tokens_by_account ON api_tokens (account_id, created_at, id);
CREATE INDEX api_tokens_by_author ON api_tokens (author_id) WHERE author_id IS NOT NULL;

-- Failed log-ins within a window of time, by what stands for who tried: keyed hashes, from which nothing can be read.
CREATE TABLE login_failures (
    subject UUID NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    window_began_at TIMESTAMPTZ NOT NULL,
    last_failed_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX login_failures_by_time ON login_failures (last_failed_at);

-- `signs_from` is when the instance that has the private half may begin to sign with it, `retired_at` when it stopped,
-- `needed_until` when the last token that it signed has ended.
ALTER TABLE signing_keys ADD COLUMN signs_from TIMESTAMPTZ;
ALTER TABLE signing_keys ADD COLUMN retired_at TIMESTAMPTZ;
ALTER TABLE signing_keys ADD COLUMN needed_until TIMESTAMPTZ;
ALTER TABLE articles ADD COLUMN upload_token_id UUID REFERENCES api_tokens (id);
