-- When units were held for an order: in the transaction that decided its reservation. What
-- becomes of them later is told by the reservation, so a line never changes.

ALTER TABLE reservation_lines ADD COLUMN created_at TEXT NOT NULL DEFAULT '';

UPDATE reservation_lines
SET created_at = (SELECT reservations.created_at FROM reservations
                  WHERE reservations.order_id = reservation_lines.order_id);
