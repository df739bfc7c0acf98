-- Who did what to which thing. Rows name accounts and things by id without a foreign key: they outlive them. `sequence` and
-- `hash` are filled when an entry is chained to the one before it, and never change after that.
CREATE TABLE audit_entries (
    id BLOB NOT NULL PRIMARY KEY,
    happened_at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('session', 'api_token', 'command_line', 'schedule', 'anonymous')),
    account_id BLOB,
    credential_id BLOB,
    address TEXT,
    request_id TEXT,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    subject_label TEXT,
    revision_before INTEGER,
    revision_after INTEGER,
    details TEXT,
    sequence BIGINT UNIQUE,
    hash TEXT
) WITHOUT ROWID;

-- Those that are not chained yet are found by the index that UNIQUE makes: it has the id behind the sequence.
-- One for each filter. The id comes last, since lists are sorted by it; it begins with the time.
CREATE INDEX audit_entries_by_account ON audit_entries (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX audit_entries_by_action ON audit_entries (action, id);
CREATE INDEX audit_entries_by_kind ON audit_entries (subject_kind, id);
CREATE INDEX audit_entries_by_subject ON audit_entries (subject_id, id);
CREATE INDEX audit_entries_by_request ON audit_entries (request_id, id) WHERE request_id IS NOT NULL;

CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'audit entries cannot be deleted');
END;

CREATE TRIGGER audit_entries_do_not_change BEFORE UPDATE ON audit_entries
WHEN OLD.sequence IS NOT NULL OR NEW.id IS NOT OLD.id OR NEW.happened_at IS NOT OLD.happened_at
    OR NEW.actor_kind IS NOT OLD.actor_kind OR NEW.account_id IS NOT OLD.account_id
    OR NEW.credential_id IS NOT OLD.credential_id OR NEW.address IS NOT OLD.address
    OR NEW.request_id IS NOT OLD.request_id OR NEW.action IS NOT OLD.action
    OR NEW.subject_kind IS NOT OLD.subject_kind OR NEW.subject_id IS NOT OLD.subject_id
    OR NEW.subject_label IS NOT OLD.subject_label OR NEW.revision_before IS NOT OLD.revision_before
    OR NEW.revision_after IS NOT OLD.revision_after OR NEW.details IS NOT OLD.details
BEGIN
    SELECT RAISE(ABORT, 'audit entries cannot be changed');
END;

-- The end of the chain. Whoever chains entries holds this one row first.
CREATE TABLE audit_chain (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    sequence BIGINT NOT NULL,
    hash TEXT NOT NULL
) WITHOUT ROWID;

INSERT INTO audit_chain (only_row, sequence, hash) VALUES (1, 0, '');
