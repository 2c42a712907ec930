-- Events that were handled. Each is written in the transaction of its effect, so one that is
-- found here has had its effect, and one that is not has had none.
CREATE TABLE received_events (
    event_id    TEXT NOT NULL PRIMARY KEY CHECK (length(event_id) BETWEEN 1 AND 128),
    event_type  TEXT NOT NULL,
    received_at TEXT NOT NULL -- UTC, RFC 3339
) STRICT, WITHOUT ROWID;

CREATE INDEX received_events_by_age ON received_events (received_at);
