-- What readers see of a thread in each of its orders, each served by one index range.
-- `is_visible`: readers see the comment, or the place that it leaves above others. `branch_id`: what it answers, a comment
-- or the article. `last_activity_at`: when the newest approved comment of the branch was written, itself included.
ALTER TABLE comments ADD COLUMN score INTEGER NOT NULL DEFAULT 0;
ALTER TABLE comments ADD COLUMN last_activity_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE comments ADD COLUMN is_pinned BOOLEAN NOT NULL DEFAULT 0;
ALTER TABLE comments ADD COLUMN is_featured BOOLEAN NOT NULL DEFAULT 0;
ALTER TABLE comments ADD COLUMN is_staff BOOLEAN NOT NULL DEFAULT 0;
ALTER TABLE comments ADD COLUMN is_visible BOOLEAN NOT NULL
    GENERATED ALWAYS AS (state = 'approved' OR descendant_count > 0) VIRTUAL;
ALTER TABLE comments ADD COLUMN branch_id BLOB NOT NULL
    GENERATED ALWAYS AS (coalesce(parent_id, article_id)) VIRTUAL;

UPDATE comments SET last_activity_at = coalesce(
    (SELECT max(below.created_at) FROM comments AS below
     WHERE below.article_id = comments.article_id AND below.state = 'approved'
         AND below.path >= comments.path AND below.path < comments.path || '{'),
    created_at);

CREATE INDEX comments_visible_by_path ON comments (article_id, path) WHERE is_visible;
CREATE INDEX comments_branch_by_time ON comments (branch_id, created_at, id) WHERE is_visible;
CREATE INDEX comments_branch_by_score ON comments (branch_id, score, created_at, id) WHERE is_visible;
CREATE INDEX comments_branch_by_activity ON comments (branch_id, last_activity_at, id) WHERE is_visible;
CREATE INDEX comments_flat_by_time ON comments (article_id, state, created_at, id);
CREATE INDEX comments_flat_by_score ON comments (article_id, state, score, created_at, id);
CREATE INDEX comments_flat_by_activity ON comments (article_id, state, last_activity_at, id);
CREATE INDEX comments_pinned ON comments (article_id, path) WHERE is_pinned;

-- `change_sequence` counts whatever changes what readers see of a thread.
ALTER TABLE threads ADD COLUMN rejected_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE threads ADD COLUMN spam_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE threads ADD COLUMN removed_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE threads ADD COLUMN change_sequence BIGINT NOT NULL DEFAULT 1;

UPDATE threads SET
    rejected_count = (SELECT count(*) FROM comments c WHERE c.article_id = threads.article_id AND c.state = 'rejected'),
    spam_count = (SELECT count(*) FROM comments c WHERE c.article_id = threads.article_id AND c.state = 'spam'),
    removed_count = (SELECT count(*) FROM comments c WHERE c.article_id = threads.article_id AND c.state = 'removed');
