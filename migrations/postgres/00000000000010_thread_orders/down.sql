ALTER TABLE threads DROP COLUMN change_sequence;
ALTER TABLE threads DROP COLUMN removed_count;
ALTER TABLE threads DROP COLUMN spam_count;
ALTER TABLE threads DROP COLUMN rejected_count;

DROP INDEX comments_pinned;
DROP INDEX comments_flat_by_activity;
DROP INDEX comments_flat_by_score;
DROP INDEX comments_flat_by_time;
DROP INDEX comments_branch_by_activity;
DROP INDEX comments_branch_by_score;
DROP INDEX comments_branch_by_time;
DROP INDEX comments_visible_by_path;

ALTER TABLE comments DROP COLUMN branch_id;
ALTER TABLE comments DROP COLUMN is_visible;
ALTER TABLE comments DROP COLUMN is_staff;
ALTER TABLE comments DROP COLUMN is_featured;
ALTER TABLE comments DROP COLUMN is_pinned;
ALTER TABLE comments DROP COLUMN last_activity_at;
ALTER TABLE comments DROP COLUMN score;
