-- What readers are shown of an author beside the bio. `links` is a JSON array of {label, url}, in the order of the page.
ALTER TABLE authors ADD COLUMN avatar_url TEXT;
ALTER TABLE authors ADD COLUMN avatar_alt TEXT;
ALTER TABLE authors ADD COLUMN affiliation TEXT;
ALTER TABLE authors ADD COLUMN links TEXT NOT NULL DEFAULT '[]';
