-- A notice names the order that it is for, so that one which somebody has recorded pays no other
-- order. Notices that were written without the name, and not delivered yet, get it from their
-- address: /orders/{order_id}/payment.
UPDATE outbox SET body = json_set(body, '$.order_id', substr(path, length('/orders/') + 1, 36))
WHERE kind = 'payment.received';
