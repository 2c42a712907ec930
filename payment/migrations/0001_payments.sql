-- Payments: money taken for an order, and whether the order knows.
--
-- A CHECK compares word by word: for a list (IN) of more than two, SQLite fills a temporary table each
-- time that it writes a row.

CREATE TABLE payments (
    id             TEXT    NOT NULL PRIMARY KEY, -- UUIDv7: sorts by the time of its making
    order_id       TEXT    NOT NULL,             -- in the order service
    amount_cents   INTEGER NOT NULL CHECK (amount_cents >= 0),
    status         TEXT    NOT NULL CHECK (
                       status = 'PENDING' OR status = 'COMPLETED' OR status = 'FAILED' OR
                       status = 'REFUNDED'),
    refusal_status INTEGER CHECK (               -- how the order refused
                       refusal_status = 404 OR refusal_status = 409 OR refusal_status = 422),
    reason         TEXT,                         -- why it failed or was refunded
    created_at     TEXT    NOT NULL,             -- UTC, RFC 3339
    updated_at     TEXT    NOT NULL,
    CHECK ((status = 'FAILED') = (refusal_status IS NOT NULL)),
    CHECK ((status IN ('FAILED', 'REFUNDED')) = (reason IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- At most one payment of an order is alive: however often and in parallel somebody pays, the
-- money is taken once.
CREATE UNIQUE INDEX payments_alive ON payments (order_id) WHERE status IN ('PENDING', 'COMPLETED');

CREATE INDEX payments_by_order ON payments (order_id, id);
CREATE INDEX payments_by_status ON payments (status, id);
