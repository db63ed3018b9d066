"""The demo market: the real services under a fixed seed, the same to the cent each time."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.vocabulary import ListingState, Role
from p2p_reflex.models import JournalEntry, Listing, Loan, Member
from p2p_reflex.services import books, business_date
from p2p_reflex.services.demo import world
from tests.builders import a_lender

ENDS_ON = date(2026, 11, 20)


def build_a_small_one(seed: int = 3) -> None:
    """Build a demo of seven weeks."""
    run(world.build, ends_on=ENDS_ON, seed=seed, history_days=49, loan_count=7, open_count=4)


def journal() -> list[tuple[int, int]]:
    """Read every entry in order."""
    with transaction() as session:
        statement = sa.select(JournalEntry.account_id, JournalEntry.amount_cents).order_by(JournalEntry.id)
        return [tuple(row) for row in session.execute(statement)]


def test_the_demo_is_lively_and_its_books_balance(database: Engine) -> None:
    build_a_small_one()

    with transaction() as session:
        states = set(session.execute(sa.select(Listing.state)).scalars())
        loan_count = session.execute(sa.select(sa.func.count(Loan.id))).scalar()
        roles = set(session.execute(sa.select(Member.role)).scalars())
        assert session.execute(sa.select(sa.func.count(Member.id)).where(~Member.is_demo)).scalar() == 0
    assert ListingState.OPEN in states
    assert loan_count
    assert roles == set(Role)
    assert read(business_date.today) == ENDS_ON
    assert [law.title for law in read(books.check_books) if not law.holds] == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_same_seed_makes_the_same_market_to_the_cent(
    database: Engine, _sqlite_maker: object, request: pytest.FixtureRequest
) -> None:
    from p2p_reflex import database as house_database

    build_a_small_one(seed=5)
    first = journal()
    house_database.use(house_database.connect(_sqlite_maker()))  # type: ignore[operator]
    build_a_small_one(seed=5)

    assert journal() == first


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_demo_stays_away_where_somebody_lives(database: Engine) -> None:
    run(a_lender)

    built = run(world.ensure_demo, ends_on=ENDS_ON, seed=5)

    assert not built
