-- How fast providers may be used.

-- A lane of its own for each channel and class: a claim finds what is due in each, whatever waits in the others.
DROP INDEX message_due;
CREATE INDEX message_due ON message (channel, transactional, due_at) WHERE state = 'queued';
