"""How Alembic runs a migration: on the connection it is given, guards renewed at the end."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from sertoli.case._schema import Base
from sertoli.case._schema._triggers import install_triggers


def _migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    # The guards follow from the rules of this version, so they are made anew, never migrated.
    install_triggers(connection)


_migrate(context.config.attributes["connection"])
