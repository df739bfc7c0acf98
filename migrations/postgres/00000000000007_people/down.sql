ALTER TABLE articles DROP COLUMN upload_token_id;
ALTER TABLE signing_keys DROP COLUMN needed_until;
ALTER TABLE signing_keys DROP COLUMN retired_at;
ALTER TABLE signing_keys DROP COLUMN signs_from;
DROP TABLE login_failures;
DROP TABLE api_tokens;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
DROP TABLE password_links;

DROP INDEX accounts_by_role;
DROP INDEX accounts_by_author;
DROP INDEX accounts_by_creation;

-- Contributors may do less than authors, so they become readers. An empty hash fits no password.
UPDATE accounts SET role = 'reader' WHERE role = 'contributor';
UPDATE accounts SET password_hash = '' WHERE password_hash IS NULL OR disabled_at IS NOT NULL;
ALTER TABLE accounts DROP COLUMN last_login_at;
ALTER TABLE accounts DROP COLUMN disabled_at;
ALTER TABLE accounts DROP COLUMN created_by;
ALTER TABLE accounts DROP COLUMN revision;
ALTER TABLE accounts DROP COLUMN author_id;
ALTER TABLE accounts ALTER COLUMN password_hash SET NOT NULL;
ALTER TABLE accounts DROP CONSTRAINT accounts_role_check;
ALTER TABLE accounts ADD CONSTRAINT accounts_role_check
    CHECK (role IN ('administrator', 'editor', 'author', 'moderator', 'reader'));
