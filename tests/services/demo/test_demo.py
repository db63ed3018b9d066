"""The demo market: the real services under a fixed seed, the same to the cent each time."""

from datetime import date, timedelta
from random import Random

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from p2p_reflex.database import connect, read, run, transaction, use
from p2p_reflex.domain.vocabulary import ListingState, Role
from p2p_reflex.models import Bid, JournalEntry, Listing, Loan, Member
from p2p_reflex.services.days import business_date, business_day, opening
from p2p_reflex.services.demo import repaying, world
from p2p_reflex.services.demo.village import World, take_money
from p2p_reflex.services.money import books, ledger
from tests.builders import NOW, TODAY, a_lender, a_loan

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
        assert (
            session.execute(
                sa.select(sa.func.count(Member.id)).where(~Member.is_demo, ~Member.is_bot)
            ).scalar()
            == 0
        )
    assert ListingState.OPEN in states
    assert loan_count
    assert roles == set(Role)
    assert read(business_date.today) == ENDS_ON
    assert [law.title for law in read(books.check_books) if not law.holds] == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_same_seed_makes_the_same_market_to_the_cent(
    database: Engine, request: pytest.FixtureRequest
) -> None:
    build_a_small_one(seed=5)
    first = journal()
    use(connect(request.getfixturevalue("_sqlite_maker")()))
    build_a_small_one(seed=5)

    assert journal() == first


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_offered_borrower_has_the_next_two_installments_in_the_wallet(database: Engine) -> None:
    run(opening.open_market, business_on=TODAY)
    loan_id = run(a_loan)
    with transaction() as session:
        loan = session.get_one(Loan, loan_id)
        at_home = World(session=session, luck=Random(1))
        cents, _held = ledger.balances(session, member_id=loan.borrower_id)
        take_money(at_home, loan.borrower_id, cents - 1, TODAY)

        for _ in range(2):
            repaying.provide_ahead(at_home, loan.borrower_id, TODAY)

        assert ledger.balances(session, member_id=loan.borrower_id) == (2 * loan.installment_cents, 0)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_demo_stays_away_where_somebody_lives(database: Engine) -> None:
    run(a_lender)

    built = run(world.ensure_demo, ends_on=ENDS_ON, seed=5)

    assert not built


def test_the_demo_goes_on_living_but_leaves_the_offered_members_to_the_visitor(database: Engine) -> None:
    build_a_small_one()
    with transaction() as session:
        lender_id = session.execute(
            sa.select(Member.id)
            .where(Member.role == Role.LENDER, Member.is_demo)
            .order_by(Member.id)
            .limit(1)
        ).scalar_one()
        last_bid_id = session.execute(sa.select(sa.func.max(Bid.id))).scalar_one()

    for day in range(4):
        business_on = ENDS_ON + timedelta(days=day)
        run(world.live_one_day, business_on=business_on, seed=3)
        run(business_day.close_day, business_on=business_on, now=NOW)

    with transaction() as session:
        newer = sa.select(Bid.lender_id).where(Bid.id > last_bid_id)
        bidders = set(session.execute(newer).scalars())
    assert bidders
    assert lender_id not in bidders
    assert [law.title for law in read(books.check_books) if not law.holds] == []
