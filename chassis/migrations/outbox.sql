-- Messages to other services, written in the transaction that causes them and removed in the
-- one that learns the answer.

CREATE TABLE outbox (
    id              TEXT    NOT NULL PRIMARY KEY, -- UUIDv7; the receiver knows a repeat by it
    peer            TEXT    NOT NULL,             -- the service it is for
    kind            TEXT    NOT NULL,             -- what it says
    subject         TEXT    NOT NULL,             -- the id of what it is about
    method          TEXT    NOT NULL,
    path            TEXT    NOT NULL,
    body            TEXT    NOT NULL,             -- JSON
    traceparent     TEXT,                         -- the trace that caused it
    tracestate      TEXT,
    baggage         TEXT,
    attempts        INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    last_error      TEXT,                         -- why the last attempt got no answer
    created_at      TEXT    NOT NULL,             -- UTC, RFC 3339, like the next three
    next_attempt_at TEXT    NOT NULL,
    expires_at      TEXT    NOT NULL,             -- when it becomes a dead letter
    dead_at         TEXT                          -- when it became one
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE dead_at IS NULL;
CREATE INDEX outbox_by_subject ON outbox (subject);
CREATE INDEX outbox_dead ON outbox (dead_at) WHERE dead_at IS NOT NULL;
