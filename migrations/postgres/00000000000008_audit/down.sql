DROP TABLE audit_chain;
DROP TABLE audit_entries;
DROP FUNCTION audit_entries_stay();
