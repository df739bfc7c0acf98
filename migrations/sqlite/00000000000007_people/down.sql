ALTER TABLE articles DROP COLUMN upload_token_id;
ALTER TABLE signing_keys DROP COLUMN needed_until;
ALTER TABLE signing_keys DROP COLUMN retired_at;
ALTER TABLE signing_keys DROP COLUMN signs_from;
DROP TABLE login_failures;
DROP TABLE api_tokens;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
DROP TABLE password_links;

CREATE TABLE accounts_without_states (
    id BLOB NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('administrator', 'editor', 'author', 'moderator', 'reader')),
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) WITHOUT ROWID;

-- Contributors may do less than authors, so they become readers. An empty hash fits no password.
INSERT INTO accounts_without_states (id, email, name, role, password_hash, created_at, updated_at)
SELECT id, email, name, CASE role WHEN 'contributor' THEN 'reader' ELSE role END,
    CASE WHEN disabled_at IS NULL THEN coalesce(password_hash, '') ELSE '' END, created_at, updated_at
FROM accounts;

DROP TABLE accounts;
ALTER TABLE accounts_without_states RENAME TO accounts;
