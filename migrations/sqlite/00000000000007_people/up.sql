-- An account that was invited has no password yet. A CHECK cannot be changed, so the table is made anew; migrations run
-- without foreign keys and are checked for them at the end.
CREATE TABLE accounts_with_states (
    id BLOB NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL
        CHECK (role IN ('administrator', 'editor', 'author', 'contributor', 'moderator', 'reader')),
    password_hash TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    author_id BLOB REFERENCES authors (id),
    revision INTEGER NOT NULL DEFAULT 1,
    created_by BLOB REFERENCES accounts (id),
    disabled_at BIGINT,
    last_login_at BIGINT
) WITHOUT ROWID;

INSERT INTO accounts_with_states (id, email, name, role, password_hash, created_at, updated_at)
SELECT id, email, name, role, password_hash, created_at, updated_at FROM accounts;

DROP TABLE accounts;
ALTER TABLE accounts_with_states RENAME TO accounts;

CREATE INDEX accounts_by_creation ON accounts (created_at, id);
CREATE INDEX accounts_by_author ON accounts (author_id) WHERE author_id IS NOT NULL;
CREATE INDEX accounts_by_role ON accounts (role);

-- Links by which somebody sets a password without knowing one. Only the hash of the secret is kept.
CREATE TABLE password_links (
    id BLOB NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('invitation', 'reset')),
    secret_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    created_by BLOB REFERENCES accounts (id),
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE INDEX password_links_by_account ON password_links (account_id);
CREATE INDEX password_links_by_expiry ON password_links (expires_at);

-- Log-ins that last. All refresh tokens of one session are one family.
CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    user_agent TEXT,
    address TEXT,
    network BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT CHECK (end_reason IN ('logout', 'revoked', 'token_reused', 'password_changed', 'account_disabled'))
) WITHOUT ROWID;

CREATE INDEX sessions_by_account ON sessions (account_id, created_at, id);
CREATE INDEX sessions_by_network ON sessions (account_id, network);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    secret_hash TEXT NOT NULL PRIMARY KEY,
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    used_at BIGINT
) WITHOUT ROWID;

CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

-- Tokens for scripts. `scopes` are separated by blanks; `author_id` is whom a token of the kind 'upload' writes as.
CREATE TABLE api_tokens (
    id BLOB NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL CHECK (kind IN ('personal', 'upload')),
    name TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    scopes TEXT NOT NULL,
    author_id BLOB REFERENCES authors (id),
    created_at BIGINT NOT NULL,
    created_by BLOB NOT NULL REFERENCES accounts (id),
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT,
    revoked_by BLOB REFERENCES accounts (id)
) WITHOUT ROWID;

CREATE INDEX api_tokens_by_creation ON api_tokens (created_at, id);
CREATE INDEX api_tokens_by_account ON api_tokens (account_id, created_at, id);
CREATE INDEX api_tokens_by_author ON api_tokens (author_id) WHERE author_id IS NOT NULL;

-- Failed log-ins within a window of time, by what stands for who tried: keyed hashes, from which nothing can be read.
CREATE TABLE login_failures (
    subject BLOB NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    window_began_at BIGINT NOT NULL,
    last_failed_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE INDEX login_failures_by_time ON login_failures (last_failed_at);

-- `signs_from` is when the instance that has the private half may begin to sign with it, `retired_at` when it stopped,
-- `needed_until` when the last token that it signed has ended.
ALTER TABLE signing_keys ADD COLUMN signs_from BIGINT;
ALTER TABLE signing_keys ADD COLUMN retired_at BIGINT;
ALTER TABLE signing_keys ADD COLUMN needed_until BIGINT;
ALTER TABLE articles ADD COLUMN upload_token_id BLOB REFERENCES api_tokens (id);
