-- Text that is compared or sorted is COLLATE "C", so that order does not depend on the machine's locale.

CREATE TABLE installation (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE signing_keys (
    kid TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    public_key TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE accounts (
    id UUID NOT NULL PRIMARY KEY,
    email TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('administrator', 'editor', 'author', 'moderator', 'reader')),
    password_hash TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE authors (
    id UUID NOT NULL PRIMARY KEY,
    slug TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    bio_markdown TEXT,
    bio_html TEXT,
    url TEXT,
    is_public BOOLEAN NOT NULL,
    revision INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by UUID REFERENCES accounts (id)
);

CREATE INDEX authors_by_name ON authors (name, id);

CREATE TABLE former_author_slugs (
    slug TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    author_id UUID NOT NULL REFERENCES authors (id) ON DELETE CASCADE
);

CREATE INDEX former_author_slugs_by_author ON former_author_slugs (author_id);

CREATE TABLE articles (
    id UUID NOT NULL PRIMARY KEY,
    slug TEXT COLLATE "C" NOT NULL UNIQUE,
    title TEXT NOT NULL,
    subtitle TEXT,
    excerpt TEXT,
    lang TEXT,
    canonical_url TEXT,
    derived_excerpt TEXT NOT NULL,
    word_count INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    published_revision INTEGER,
    published_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    created_by UUID NOT NULL REFERENCES accounts (id),
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by UUID NOT NULL REFERENCES accounts (id),
    body_markdown TEXT NOT NULL,
    body_html TEXT NOT NULL,
    body_text TEXT NOT NULL,
    extra TEXT NOT NULL
);

CREATE INDEX articles_by_update ON articles (updated_at, id);
CREATE INDEX articles_by_owner ON articles (created_by, updated_at, id);

-- A held slug belongs to a working copy or to what readers see; a released one only redirects and may be taken over.
-- One that was public leads readers to the article; one that only a working copy tried is forgotten.
CREATE TABLE article_slugs (
    slug TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    article_id UUID NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    is_held BOOLEAN NOT NULL,
    was_public BOOLEAN NOT NULL
);

CREATE INDEX article_slugs_by_article ON article_slugs (article_id);

CREATE TABLE article_authors (
    article_id UUID NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    author_id UUID NOT NULL REFERENCES authors (id),
    PRIMARY KEY (article_id, position)
);

CREATE INDEX article_authors_by_author ON article_authors (author_id, article_id);

CREATE TABLE published_articles (
    article_id UUID NOT NULL PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,
    slug TEXT COLLATE "C" NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    title TEXT NOT NULL,
    subtitle TEXT,
    excerpt TEXT NOT NULL,
    lang TEXT,
    canonical_url TEXT,
    word_count INTEGER NOT NULL,
    published_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    body_markdown TEXT NOT NULL,
    body_html TEXT NOT NULL,
    body_text TEXT NOT NULL
);

CREATE INDEX published_articles_by_time ON published_articles (published_at, article_id);

CREATE TABLE published_bylines (
    article_id UUID NOT NULL REFERENCES published_articles (article_id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    author_id UUID NOT NULL REFERENCES authors (id),
    published_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (article_id, position)
);

CREATE INDEX published_bylines_by_author ON published_bylines (author_id, published_at, article_id);

CREATE TABLE threads (
    article_id UUID NOT NULL PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'read_only', 'hidden')),
    message TEXT,
    moderation TEXT NOT NULL CHECK (moderation IN ('pre', 'post')),
    last_ordinal INTEGER NOT NULL,
    approved_count INTEGER NOT NULL,
    pending_count INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE comments (
    id UUID NOT NULL PRIMARY KEY,
    article_id UUID NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    parent_id UUID REFERENCES comments (id) ON DELETE CASCADE,
    path TEXT COLLATE "C" NOT NULL,
    depth INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('comment', 'pingback', 'trackback')),
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'spam', 'removed')),
    author_name TEXT,
    author_email TEXT,
    author_url TEXT,
    article_revision INTEGER,
    reply_count INTEGER NOT NULL,
    descendant_count INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    body_markdown TEXT NOT NULL,
    body_html TEXT NOT NULL,
    body_text TEXT NOT NULL
);

CREATE UNIQUE INDEX comments_by_path ON comments (article_id, path);
CREATE INDEX comments_by_parent ON comments (parent_id);
CREATE INDEX comments_by_time ON comments (created_at, id);
CREATE INDEX comments_by_state ON comments (state, created_at, id);
