-- The working copy: where it stands, what it belongs to, and what has no column of its own (`details`, a JSON object).
ALTER TABLE articles ADD COLUMN state TEXT NOT NULL DEFAULT 'draft'
    CHECK (state IN ('draft', 'in_review', 'scheduled', 'published', 'archived', 'trashed'));
ALTER TABLE articles ADD COLUMN section_id BLOB REFERENCES sections (id);
ALTER TABLE articles ADD COLUMN series_id BLOB REFERENCES series (id);
ALTER TABLE articles ADD COLUMN series_position INTEGER;
ALTER TABLE articles ADD COLUMN translation_of BLOB;
ALTER TABLE articles ADD COLUMN external_source TEXT;
ALTER TABLE articles ADD COLUMN external_id TEXT;
ALTER TABLE articles ADD COLUMN dated_at BIGINT;
ALTER TABLE articles ADD COLUMN assignee_id BLOB REFERENCES accounts (id);
ALTER TABLE articles ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE article_authors ADD COLUMN role TEXT NOT NULL DEFAULT 'author';

UPDATE articles SET state = 'published' WHERE published_revision IS NOT NULL;

CREATE UNIQUE INDEX articles_by_external_id ON articles (external_source, external_id) WHERE external_source IS NOT NULL;
CREATE INDEX articles_by_state ON articles (state, updated_at, id);
CREATE INDEX articles_by_section ON articles (section_id) WHERE section_id IS NOT NULL;
CREATE INDEX articles_by_series ON articles (series_id) WHERE series_id IS NOT NULL;
CREATE INDEX articles_by_translation ON articles (translation_of) WHERE translation_of IS NOT NULL;
CREATE INDEX articles_by_assignee ON articles (assignee_id, updated_at, id) WHERE assignee_id IS NOT NULL;

-- What readers see of it.
ALTER TABLE published_articles ADD COLUMN section_id BLOB REFERENCES sections (id);
ALTER TABLE published_articles ADD COLUMN series_id BLOB REFERENCES series (id);
ALTER TABLE published_articles ADD COLUMN series_position INTEGER;
ALTER TABLE published_articles ADD COLUMN translation_of BLOB;
ALTER TABLE published_articles ADD COLUMN tag_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE published_articles ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE published_articles ADD COLUMN corrections TEXT NOT NULL DEFAULT '[]';
ALTER TABLE published_bylines ADD COLUMN role TEXT NOT NULL DEFAULT 'author';

CREATE INDEX published_articles_by_section ON published_articles (section_id, published_at, article_id)
    WHERE section_id IS NOT NULL;
CREATE INDEX published_articles_by_series ON published_articles (series_id, published_at, article_id)
    WHERE series_id IS NOT NULL;
CREATE INDEX published_articles_by_translation ON published_articles (translation_of) WHERE translation_of IS NOT NULL;
CREATE INDEX published_articles_by_lang ON published_articles (lang, published_at, article_id) WHERE lang IS NOT NULL;

-- Every save, whole.
CREATE TABLE revisions (
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('save', 'autosave', 'merge', 'restore', 'discard')),
    title TEXT NOT NULL,
    message TEXT,
    changed_fields TEXT NOT NULL,
    saved_at BIGINT NOT NULL,
    saved_by BLOB NOT NULL REFERENCES accounts (id),
    began_at BIGINT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (article_id, revision)
);

INSERT INTO revisions (article_id, revision, kind, title, message, changed_fields, saved_at, saved_by, began_at, content)
SELECT id, revision, 'save', title, NULL, '[]', updated_at, updated_by, updated_at, json_object(
    'title', title, 'slug', slug, 'subtitle', subtitle, 'excerpt', excerpt, 'body_markdown', body_markdown,
    'lang', lang, 'canonical_url', canonical_url,
    'authors', (SELECT json_group_array(json_object('author', lower(hex(author_id)), 'role', 'author'))
                FROM (SELECT author_id FROM article_authors WHERE article_id = articles.id ORDER BY position)))
FROM articles;

-- What readers see, where the working copy is ahead of it. Whether its teaser was given or made from the text is not
-- known; it counts as given if the working copy has one that was.
INSERT INTO revisions (article_id, revision, kind, title, message, changed_fields, saved_at, saved_by, began_at, content)
SELECT shown.article_id, shown.revision, 'save', shown.title, NULL, '[]', shown.updated_at, articles.updated_by,
    shown.updated_at, json_object(
    'title', shown.title, 'slug', shown.slug, 'subtitle', shown.subtitle,
    'excerpt', CASE WHEN articles.excerpt IS NULL THEN NULL ELSE shown.excerpt END, 'body_markdown', shown.body_markdown,
    'lang', shown.lang, 'canonical_url', shown.canonical_url,
    'authors', (SELECT json_group_array(json_object('author', lower(hex(author_id)), 'role', 'author'))
                FROM (SELECT author_id FROM published_bylines WHERE article_id = shown.article_id ORDER BY position)))
FROM published_articles AS shown JOIN articles ON articles.id = shown.article_id
WHERE shown.revision <> articles.revision;

-- When to publish a revision, and when to take the article away again.
CREATE TABLE schedules (
    article_id BLOB NOT NULL PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,
    revision INTEGER,
    publish_at BIGINT,
    unpublish_at BIGINT,
    set_at BIGINT NOT NULL,
    set_by BLOB NOT NULL REFERENCES accounts (id)
) WITHOUT ROWID;

CREATE INDEX schedules_by_publication ON schedules (publish_at) WHERE publish_at IS NOT NULL;
CREATE INDEX schedules_by_end ON schedules (unpublish_at) WHERE unpublish_at IS NOT NULL;

-- What readers are told was wrong.
CREATE TABLE corrections (
    id BLOB NOT NULL PRIMARY KEY,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    note TEXT NOT NULL,
    from_revision INTEGER,
    created_at BIGINT NOT NULL,
    created_by BLOB NOT NULL REFERENCES accounts (id)
) WITHOUT ROWID;

CREATE INDEX corrections_by_article ON corrections (article_id, created_at, id);

-- Links by which a revision is read without an account. The token itself is signed and is not kept.
CREATE TABLE preview_links (
    id BLOB NOT NULL PRIMARY KEY,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    label TEXT,
    created_at BIGINT NOT NULL,
    created_by BLOB NOT NULL REFERENCES accounts (id),
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
) WITHOUT ROWID;

CREATE INDEX preview_links_by_article ON preview_links (article_id, created_at, id);

-- Articles that are gone for good, so that their addresses can say so; readers are told only of those that they saw.
CREATE TABLE purged_articles (
    article_id BLOB NOT NULL PRIMARY KEY,
    was_public BOOLEAN NOT NULL,
    purged_at BIGINT NOT NULL,
    purged_by BLOB NOT NULL REFERENCES accounts (id)
) WITHOUT ROWID;

-- What people of the newsroom tell one another about an article. Readers never see it.
CREATE TABLE article_notes (
    id BLOB NOT NULL PRIMARY KEY,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    body TEXT NOT NULL,
    revision INTEGER NOT NULL,
    about_revision INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    created_by BLOB NOT NULL REFERENCES accounts (id),
    updated_at BIGINT NOT NULL,
    resolved_at BIGINT,
    resolved_by BLOB REFERENCES accounts (id)
) WITHOUT ROWID;

CREATE INDEX article_notes_by_article ON article_notes (article_id, created_at, id);

-- Every step of the life of an article: what was done, by whom, from where to where, and what was said about it.
CREATE TABLE article_transitions (
    id BLOB NOT NULL PRIMARY KEY,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    revision INTEGER NOT NULL,
    note TEXT,
    made_by TEXT NOT NULL CHECK (made_by IN ('request', 'schedule')),
    created_at BIGINT NOT NULL,
    created_by BLOB NOT NULL REFERENCES accounts (id)
) WITHOUT ROWID;

CREATE INDEX article_transitions_by_article ON article_transitions (article_id, created_at, id);
