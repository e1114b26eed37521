"""The page /mailbox: the mails of a server without an SMTP provider, as their readers would see them."""
