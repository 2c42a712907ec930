-- A product that was missing may come into being. Whether it has is a question for the catalog:
-- an announcement may be late, and then the product may be gone again.
ALTER TABLE missing_products
    ADD COLUMN needs_check INTEGER NOT NULL DEFAULT 0 CHECK (needs_check IN (0, 1));

CREATE INDEX missing_products_to_check ON missing_products (product_id) WHERE needs_check = 1;
