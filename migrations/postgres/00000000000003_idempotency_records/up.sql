-- What was answered to a request with an Idempotency-Key. The row is made and filled in the transaction of the effect.
CREATE TABLE idempotency_records (
    principal uuid NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    idempotency_key text NOT NULL,
    fingerprint text NOT NULL,
    status integer NOT NULL,
    location text,
    etag text,
    expires_at timestamptz NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (principal, method, path, idempotency_key)
);

CREATE INDEX idempotency_records_by_expiry ON idempotency_records (expires_at);
