-- Sections form a tree. `path` is what readers see (slugs from the root on, divided by slashes); `tree_order` is what lists
-- are sorted by: for every level the position in six digits and the slug, divided by blanks, which sort before any slug.
CREATE TABLE sections (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT,
    parent_id BLOB REFERENCES sections (id),
    position INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    path TEXT NOT NULL UNIQUE,
    tree_order TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by BLOB REFERENCES accounts (id)
) WITHOUT ROWID;

CREATE INDEX sections_by_parent ON sections (parent_id);

CREATE TABLE former_section_slugs (
    slug TEXT NOT NULL PRIMARY KEY,
    section_id BLOB NOT NULL REFERENCES sections (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE INDEX former_section_slugs_by_section ON former_section_slugs (section_id);

-- A tag that was merged into another stays as a pointer, so that revisions which name it can be read.
CREATE TABLE tags (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT,
    is_public BOOLEAN NOT NULL,
    merged_into BLOB REFERENCES tags (id),
    revision INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by BLOB REFERENCES accounts (id)
) WITHOUT ROWID;

CREATE INDEX tags_by_name ON tags (name, id);
CREATE INDEX tags_by_target ON tags (merged_into);

CREATE TABLE former_tag_slugs (
    slug TEXT NOT NULL PRIMARY KEY,
    tag_id BLOB NOT NULL REFERENCES tags (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE INDEX former_tag_slugs_by_tag ON former_tag_slugs (tag_id);

CREATE TABLE article_tags (
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    tag_id BLOB NOT NULL REFERENCES tags (id),
    PRIMARY KEY (article_id, position)
) WITHOUT ROWID;

CREATE INDEX article_tags_by_tag ON article_tags (tag_id, article_id);

CREATE TABLE published_tags (
    article_id BLOB NOT NULL REFERENCES published_articles (article_id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    tag_id BLOB NOT NULL REFERENCES tags (id),
    published_at BIGINT NOT NULL,
    PRIMARY KEY (article_id, position)
) WITHOUT ROWID;

CREATE INDEX published_tags_by_tag ON published_tags (tag_id, published_at, article_id);

CREATE TABLE series (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    description TEXT,
    revision INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by BLOB REFERENCES accounts (id)
) WITHOUT ROWID;

CREATE INDEX series_by_title ON series (title, id);

CREATE TABLE former_series_slugs (
    slug TEXT NOT NULL PRIMARY KEY,
    series_id BLOB NOT NULL REFERENCES series (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE INDEX former_series_slugs_by_series ON former_series_slugs (series_id);
