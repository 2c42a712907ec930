-- Requests that carried an Idempotency-Key, and the reply that a repeat gets.

CREATE TABLE idempotency_keys (
    key         TEXT    NOT NULL PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint TEXT    NOT NULL,                                   -- SHA-256 of method, address and body
    subject     TEXT    NOT NULL,                                   -- the id of what the request made
    status      INTEGER          CHECK (status BETWEEN 200 AND 499), -- null until decided; a 5xx is never kept
    headers     TEXT,                                               -- JSON, pairs of name and value
    body        TEXT,                                               -- JSON
    created_at  TEXT    NOT NULL,                                   -- UTC, RFC 3339
    CHECK ((status IS NULL) = (body IS NULL) AND (status IS NULL) = (headers IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Keys whose reply is still to be decided, by what decides it.
CREATE INDEX idempotency_keys_waiting ON idempotency_keys (subject) WHERE status IS NULL;
