-- 0016_quarters.sql once counted all messages by itself, which stopped a big shop for minutes. Where it has, no column says
-- what is left, and nothing is.
ALTER TABLE installation ADD COLUMN IF NOT EXISTS quarters_since timestamptz;
