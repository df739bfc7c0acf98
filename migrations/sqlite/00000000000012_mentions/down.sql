-- Mentions do not come back into threads: the numbers that they had there may be those of others by now.
ALTER TABLE comments ADD COLUMN kind TEXT NOT NULL DEFAULT 'comment' CHECK (kind IN ('comment', 'pingback', 'trackback'));
DROP TABLE mentions;
