-- Products, and the categories they are sorted into.

CREATE TABLE categories (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    created_at TEXT    NOT NULL, -- UTC, RFC 3339
    updated_at TEXT    NOT NULL
) STRICT;

-- Every unit that was ever received is in one of three places: still to be bought (`stock`),
-- promised to an order (`held`), or gone with one (`sold`). The last CHECK says so, which makes
-- a lost unit a failed transaction instead of a surprise.
--
-- A deleted product keeps its row: units of it may still be held or sold.
-- The name of the category is copied so that a list needs no join; renaming a category renames
-- the copies in the same transaction.
CREATE TABLE products (
    id            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- never given twice
    name          TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    price_cents   INTEGER NOT NULL CHECK (price_cents >= 0),
    stock         INTEGER NOT NULL CHECK (stock >= 0),
    held          INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    sold          INTEGER NOT NULL DEFAULT 0 CHECK (sold >= 0),
    received      INTEGER NOT NULL,
    description   TEXT,
    category_id   INTEGER REFERENCES categories (id),
    category_name TEXT,
    image         TEXT,    -- relative to the page that shows it
    created_at    TEXT    NOT NULL,
    updated_at    TEXT    NOT NULL,
    deleted_at    TEXT,
    CHECK (received = stock + held + sold),
    CHECK ((category_id IS NULL) = (category_name IS NULL))
) STRICT;

CREATE INDEX products_by_category ON products (category_id, id);
