"""Links that customers follow: signed, so that nobody can make one up. Pure."""
