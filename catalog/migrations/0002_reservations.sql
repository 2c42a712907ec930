-- What orders have asked for, and what became of it.
--
-- The order belongs to another service, so no foreign key can point at it. A refusal and a
-- release are remembered as well: a reservation that arrives late, after its order is over,
-- must find out instead of holding stock that nobody will ever give back.
CREATE TABLE reservations (
    order_id   TEXT NOT NULL PRIMARY KEY,
    status     TEXT NOT NULL CHECK (status IN ('HELD', 'COMMITTED', 'RELEASED', 'REFUSED')),
    refusal    TEXT CHECK (refusal IN ('out-of-stock', 'price-changed', 'no-such-product')),
    detail     TEXT,          -- the sentence that came with a refusal
    created_at TEXT NOT NULL, -- UTC, RFC 3339
    updated_at TEXT NOT NULL,
    CHECK ((status = 'REFUSED') = (refusal IS NOT NULL AND detail IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE reservation_lines (
    order_id   TEXT    NOT NULL REFERENCES reservations (order_id),
    product_id INTEGER NOT NULL REFERENCES products (id),
    quantity   INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, product_id)
) STRICT, WITHOUT ROWID;
