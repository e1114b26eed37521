-- Limits of sending.

ALTER TABLE message ADD COLUMN limits jsonb;               -- of its rule, as it was when its run began; null: none

ALTER TABLE outcome ADD COLUMN until timestamptz;          -- of a postponed message: when it may be sent
ALTER TABLE outcome ADD COLUMN undeliverable boolean NOT NULL DEFAULT false;  -- another way may follow

-- Places among the first customers of a rule are marks under this key; they are counted by rule.
CREATE INDEX once_mark_place ON once_mark (rule) WHERE key = E'\x1fplace';
