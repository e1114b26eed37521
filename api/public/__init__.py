"""Pages for customers: behind a link in a mail, without a key, in their language, without scripts."""
