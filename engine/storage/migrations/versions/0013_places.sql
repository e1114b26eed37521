-- Notes of a run that bear the same moment are told in the order in which they were written.

-- Where a row lies in the table does not say it: room that became free is used again, and a merge moves rows.
CREATE SEQUENCE run_note_place;

-- First without a default, since rows that there are would all be written anew. They keep NULL, which goes before the
-- places. The default also serves workers of an older version, which do not name the column.
ALTER TABLE run_note ADD COLUMN place bigint;
ALTER TABLE run_note ALTER COLUMN place SET DEFAULT nextval('run_note_place');
ALTER SEQUENCE run_note_place OWNED BY run_note.place;
