-- Files that editors upload. Each is stored once, under the SHA-256 of its bytes. The focal point is in thousandths of width
-- and height, from the top left.
CREATE TABLE media (
    id BLOB NOT NULL PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    stored_sha256 TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('image', 'video', 'audio', 'document')),
    content_type TEXT NOT NULL,
    byte_size BIGINT NOT NULL,
    file_name TEXT NOT NULL,
    width INTEGER,
    height INTEGER,
    blurhash TEXT,
    dominant_color TEXT,
    alt TEXT,
    caption TEXT,
    credit TEXT,
    focal_x INTEGER,
    focal_y INTEGER,
    revision INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    created_by BLOB NOT NULL REFERENCES accounts (id),
    updated_at BIGINT NOT NULL,
    updated_by BLOB NOT NULL REFERENCES accounts (id),
    api_token_id BLOB REFERENCES api_tokens (id)
) WITHOUT ROWID;

CREATE INDEX media_by_creation ON media (created_at, id);
CREATE INDEX media_by_owner ON media (created_by, created_at, id);
CREATE INDEX media_by_kind ON media (kind, created_at, id);

-- Where files are used. `subject_kind` is 'article' (the working copy), 'published_article' or 'author'; `place` is cover,
-- body, social_image or avatar.
CREATE TABLE media_uses (
    media_id BLOB NOT NULL REFERENCES media (id),
    subject_kind TEXT NOT NULL CHECK (subject_kind IN ('article', 'published_article', 'author')),
    subject_id BLOB NOT NULL,
    place TEXT NOT NULL CHECK (place IN ('cover', 'body', 'social_image', 'avatar')),
    PRIMARY KEY (media_id, subject_kind, subject_id, place)
) WITHOUT ROWID;

CREATE INDEX media_uses_by_subject ON media_uses (subject_kind, subject_id);

-- Renditions that are kept. `spec` names part, size and format; `sha256` is of the bytes.
CREATE TABLE media_renditions (
    media_id BLOB NOT NULL REFERENCES media (id) ON DELETE CASCADE,
    spec TEXT NOT NULL,
    content_type TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    byte_size BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (media_id, spec)
) WITHOUT ROWID;

CREATE INDEX media_renditions_by_use ON media_renditions (last_used_at, media_id, spec);
