-- What orders have asked for, and what became of it.
--
-- The order belongs to another service, so no foreign key can point at it. A refusal and a
-- release are remembered as well: a reservation that arrives late, after its order is over,
-- must find out instead of holding stock that nobody will ever give back.
--
-- A CHECK compares word by word: for a list (IN) of more than two, SQLite fills a temporary table each
-- time that it writes a row.
CREATE TABLE reservations (
    order_id   TEXT NOT NULL PRIMARY KEY,
    status     TEXT NOT NULL CHECK (
                   status = 'HELD' OR status = 'COMMITTED' OR status = 'RELEASED' OR
                   status = 'REFUSED'),
    refusal    TEXT CHECK (
                   refusal = 'out-of-stock' OR refusal = 'price-changed' OR
                   refusal = 'no-such-product'),
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
