-- What tells that another page links to an article: no comments, and in no thread. A page is told of once for an article;
-- of some it is not known which page it was.
CREATE TABLE mentions (
    id UUID NOT NULL PRIMARY KEY,
    article_id UUID NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('pingback', 'trackback', 'webmention')),
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'spam', 'removed')),
    source_url TEXT,
    title TEXT,
    author_name TEXT,
    excerpt TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE UNIQUE INDEX mentions_by_source ON mentions (article_id, source_url);
CREATE INDEX mentions_of_article ON mentions (article_id, state, created_at, id);
CREATE INDEX mentions_by_state ON mentions (state, created_at, id);
CREATE INDEX mentions_by_time ON mentions (created_at, id);

-- Those that stood in threads move out, unless something stands above or below them: these are comments from now on.
INSERT INTO mentions (id, article_id, kind, state, source_url, title, author_name, excerpt, revision, created_at, updated_at)
SELECT c.id, c.article_id, c.kind, c.state,
    CASE WHEN EXISTS (
        SELECT 1 FROM comments o
        WHERE o.article_id = c.article_id AND o.kind <> 'comment' AND o.author_url = c.author_url AND o.path < c.path
    ) THEN NULL ELSE c.author_url END,
    NULL, c.author_name, c.body_text, c.revision, c.created_at, c.updated_at
FROM comments c
WHERE c.kind <> 'comment' AND c.parent_id IS NULL AND NOT EXISTS (SELECT 1 FROM comments b WHERE b.parent_id = c.id);

UPDATE threads SET
    approved_count = approved_count
        - (SELECT count(*) FROM mentions m WHERE m.article_id = threads.article_id AND m.state = 'approved'),
    pending_count = pending_count
        - (SELECT count(*) FROM mentions m WHERE m.article_id = threads.article_id AND m.state = 'pending'),
    rejected_count = rejected_count
        - (SELECT count(*) FROM mentions m WHERE m.article_id = threads.article_id AND m.state = 'rejected'),
    spam_count = spam_count
        - (SELECT count(*) FROM mentions m WHERE m.article_id = threads.article_id AND m.state = 'spam'),
    removed_count = removed_count
        - (SELECT count(*) FROM mentions m WHERE m.article_id = threads.article_id AND m.state = 'removed'),
    change_sequence = change_sequence + 1
WHERE article_id IN (SELECT article_id FROM mentions);

DELETE FROM comment_writers WHERE comment_id IN (SELECT id FROM mentions);
DELETE FROM comments WHERE id IN (SELECT id FROM mentions);
ALTER TABLE comments DROP COLUMN kind;
