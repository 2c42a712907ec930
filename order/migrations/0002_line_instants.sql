-- When a line was written: together with its order, so it is the same instant. A line never
-- changes, and so it has no second one.

ALTER TABLE order_lines ADD COLUMN created_at TEXT NOT NULL DEFAULT '';

UPDATE order_lines
SET created_at = (SELECT orders.created_at FROM orders WHERE orders.id = order_lines.order_id);
