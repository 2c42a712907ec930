-- Payments: money taken for an order, and whether the order knows.

CREATE TABLE payments (
    id             TEXT    NOT NULL PRIMARY KEY, -- UUIDv7: sorts by the time of its making
    order_id       TEXT    NOT NULL,             -- in the order service
    amount_cents   INTEGER NOT NULL CHECK (amount_cents >= 0),
    status         TEXT    NOT NULL CHECK (status IN ('PENDING', 'COMPLETED', 'FAILED', 'REFUNDED')),
    refusal_status INTEGER CHECK (refusal_status IN (404, 409, 422)), -- how the order refused
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
