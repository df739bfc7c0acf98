-- Who did what to which thing. Rows name accounts and things by id without a foreign key: they outlive them. `sequence` and
-- `hash` are filled when an entry is chained to the one before it, and never change after that.
CREATE TABLE audit_entries (
    id UUID NOT NULL PRIMARY KEY,
    happened_at TIMESTAMPTZ NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('session', 'api_token', 'command_line', 'schedule', 'anonymous')),
    account_id UUID,
    credential_id UUID,
    address TEXT,
    request_id TEXT COLLATE "C",
    action TEXT COLLATE "C" NOT NULL,
    subject_kind TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL,
    subject_label TEXT,
    revision_before INTEGER,
    revision_after INTEGER,
    details TEXT,
    sequence BIGINT UNIQUE,
    hash TEXT
);

CREATE INDEX audit_entries_unchained ON audit_entries (id) WHERE sequence IS NULL;
-- One for each filter. The id comes last, since lists are sorted by it; it begins with the time.
CREATE INDEX audit_entries_by_account ON audit_entries (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX audit_entries_by_action ON audit_entries (action, id);
CREATE INDEX audit_entries_by_kind ON audit_entries (subject_kind, id);
CREATE INDEX audit_entries_by_subject ON audit_entries (subject_id, id);
CREATE INDEX audit_entries_by_request ON audit_entries (request_id, id) WHERE request_id IS NOT NULL;

CREATE FUNCTION audit_entries_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entries cannot be changed or deleted';
END
$$;

CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_entries_stay();

CREATE TRIGGER audit_entries_are_not_emptied BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_stay();

CREATE TRIGGER audit_entries_do_not_change BEFORE UPDATE ON audit_entries FOR EACH ROW
WHEN (OLD.sequence IS NOT NULL
    OR ROW(NEW.id, NEW.happened_at, NEW.actor_kind, NEW.account_id, NEW.credential_id, NEW.address, NEW.request_id,
        NEW.action, NEW.subject_kind, NEW.subject_id, NEW.subject_label, NEW.revision_before, NEW.revision_after, NEW.details)
    IS DISTINCT FROM
    ROW(OLD.id, OLD.happened_at, OLD.actor_kind, OLD.account_id, OLD.credential_id, OLD.address, OLD.request_id,
        OLD.action, OLD.subject_kind, OLD.subject_id, OLD.subject_label, OLD.revision_before, OLD.revision_after, OLD.details))
EXECUTE FUNCTION audit_entries_stay();

-- The end of the chain. Whoever chains entries holds this one row first.
CREATE TABLE audit_chain (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    sequence BIGINT NOT NULL,
    hash TEXT NOT NULL
);

INSERT INTO audit_chain (only_row, sequence, hash) VALUES (1, 0, '');
