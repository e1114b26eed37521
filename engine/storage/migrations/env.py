"""Alembic's entry point: runs on the connection that engine/storage/migrate.py opened."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
context.run_migrations()
