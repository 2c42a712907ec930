-- Orders, the lines they are made of, and what has happened to them.
--
-- A CHECK compares word by word: for a list (IN) of more than two, SQLite fills a temporary table each
-- time that it writes a row.

CREATE TABLE orders (
    id             TEXT    NOT NULL PRIMARY KEY, -- UUIDv7: sorts by the time of its making
    user_id        TEXT    NOT NULL,
    status         TEXT    NOT NULL CHECK (
                       status = 'CREATED' OR status = 'PAID' OR status = 'REJECTED' OR
                       status = 'CANCELLED' OR status = 'EXPIRED' OR status = 'REFUNDED'),
    reservation    TEXT    NOT NULL CHECK (
                       reservation = 'PENDING' OR reservation = 'HELD' OR
                       reservation = 'REFUSED' OR reservation = 'COMMITTED' OR
                       reservation = 'RELEASED'),
    total_cents    INTEGER NOT NULL CHECK (total_cents >= 0),
    payment_id     TEXT,                         -- in the payment service
    refusal_status INTEGER CHECK (
                       refusal_status = 404 OR refusal_status = 409 OR refusal_status = 422),
    refusal_detail TEXT,                         -- why the catalog refused, in its words
    created_at     TEXT    NOT NULL,             -- UTC, RFC 3339, like the next two
    updated_at     TEXT    NOT NULL,
    expires_at     TEXT    NOT NULL,
    CHECK ((reservation = 'REFUSED') = (refusal_status IS NOT NULL AND refusal_detail IS NOT NULL)),
    CHECK (payment_id IS NULL OR status IN ('PAID', 'REFUNDED'))
) STRICT, WITHOUT ROWID;

CREATE INDEX orders_by_user ON orders (user_id, id);
CREATE INDEX orders_by_status ON orders (status, id);
-- A payment pays one order. A signed webhook that somebody recorded pays no second one.
CREATE UNIQUE INDEX orders_by_payment ON orders (payment_id) WHERE payment_id IS NOT NULL;

CREATE INDEX orders_to_expire ON orders (expires_at) WHERE status = 'CREATED';

-- The price is copied, not looked up: a receipt must not change when the catalog does.
-- The product belongs to another service, so no foreign key can point at it.
CREATE TABLE order_lines (
    order_id         TEXT    NOT NULL REFERENCES orders (id),
    position         INTEGER NOT NULL,
    product_id       INTEGER NOT NULL,
    quantity         INTEGER NOT NULL CHECK (quantity > 0),
    unit_price_cents INTEGER NOT NULL CHECK (unit_price_cents >= 0),
    PRIMARY KEY (order_id, position),
    UNIQUE (order_id, product_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_history (
    order_id TEXT    NOT NULL REFERENCES orders (id),
    position INTEGER NOT NULL,
    at       TEXT    NOT NULL,
    status   TEXT    NOT NULL, -- of the order, after this
    detail   TEXT    NOT NULL,
    PRIMARY KEY (order_id, position)
) STRICT, WITHOUT ROWID;
