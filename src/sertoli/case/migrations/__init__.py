"""Alembic's migrations of the record, shipped with the program."""
