-- A user may have very many orders and few in one status, such as those that are not paid yet.

CREATE INDEX orders_by_user_and_status ON orders (user_id, status, id);
