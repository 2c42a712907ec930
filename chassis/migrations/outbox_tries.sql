-- What the relay needs to know of a message besides when it is due.

-- When it was last sent, UTC, RFC 3339; null until it was.
ALTER TABLE outbox ADD COLUMN tried_at TEXT;

-- What is due is looked up for each receiver, because one that is silent is left out.
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (peer, next_attempt_at) WHERE dead_at IS NULL;
