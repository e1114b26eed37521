-- Whose phone it is that writes to us: by the number as providers write it.
CREATE INDEX customer_phone ON customer (suppressed_as('sms', phone)) WHERE phone IS NOT NULL;
