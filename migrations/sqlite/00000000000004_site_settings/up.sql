-- One row: what the people who run the site decide for all of it.
CREATE TABLE site_settings (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,
    revisions_kept INTEGER,
    autosave_fold_minutes INTEGER NOT NULL,
    title_characters INTEGER NOT NULL,
    custom_fields_schema TEXT,
    article_url TEXT,
    updated_at BIGINT,
    updated_by BLOB REFERENCES accounts (id)
);

INSERT INTO site_settings (id, revision, autosave_fold_minutes, title_characters) VALUES (1, 1, 10, 110);
