-- A copy of a database must not send beside the one that it was copied from: see engine/storage/ownership.py.

-- The name that KOGDA_INSTANCE gives; NULL: nobody has named it.
ALTER TABLE installation ADD COLUMN instance text;
-- Digest of the base backup that the server began from; '': from none; NULL: nobody could look yet.
ALTER TABLE installation ADD COLUMN base_backup text;
