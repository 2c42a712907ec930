-- Carts, the lines in them, and products that turned out not to exist.

CREATE TABLE carts (
    user_id    TEXT NOT NULL PRIMARY KEY CHECK (length(user_id) BETWEEN 1 AND 64),
    created_at TEXT NOT NULL, -- UTC, RFC 3339
    updated_at TEXT NOT NULL  -- when the shopper last changed something
) STRICT, WITHOUT ROWID;

-- No names and no prices: they belong to the catalog, and a copy would grow old. For the same
-- reason no foreign key can point at the product.
--
-- The key keeps the lines of a cart side by side, so reading a cart is one short walk, and it
-- is the only index that an add has to write.
CREATE TABLE cart_lines (
    user_id     TEXT    NOT NULL REFERENCES carts (user_id),
    product_id  INTEGER NOT NULL CHECK (product_id > 0),
    quantity    INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 1000000),
    position    INTEGER NOT NULL, -- in the order in which lines were first added
    needs_check INTEGER NOT NULL CHECK (needs_check IN (0, 1)), -- the catalog could not be asked
    created_at  TEXT    NOT NULL,
    updated_at  TEXT    NOT NULL,
    PRIMARY KEY (user_id, product_id)
) STRICT, WITHOUT ROWID;

-- Holds only the lines that are still to be checked. So finding them costs nothing when there
-- are none, however many carts there are.
CREATE INDEX cart_lines_to_check ON cart_lines (product_id) WHERE needs_check = 1;

-- Products of which the catalog has said that they do not exist, or no longer. A fact about
-- the product, written once; as a column of its lines it would have to be written into every
-- cart that holds it.
CREATE TABLE missing_products (
    product_id INTEGER NOT NULL PRIMARY KEY,
    noticed_at TEXT    NOT NULL -- what was learned later than this overrules it
) STRICT;
