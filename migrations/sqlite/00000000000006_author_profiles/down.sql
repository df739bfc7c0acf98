ALTER TABLE authors DROP COLUMN links;
ALTER TABLE authors DROP COLUMN affiliation;
ALTER TABLE authors DROP COLUMN avatar_alt;
ALTER TABLE authors DROP COLUMN avatar_url;
