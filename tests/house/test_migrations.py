"""The migrations build the tables that the models describe."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import Engine

from p2p_reflex import database as house_database
from p2p_reflex.models import metadata


def test_the_migrations_build_exactly_the_tables_of_the_models(database: Engine) -> None:
    with database.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert differences == []


def test_migrating_a_second_time_changes_nothing(database: Engine) -> None:
    house_database.migrate()

    with database.connect() as connection:
        assert MigrationContext.configure(connection).get_current_heads() != ()
