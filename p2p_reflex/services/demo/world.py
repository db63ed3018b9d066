"""Owns how the demo market comes to life: the real services, called day by day, under a fixed seed."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row
from sqlmodel import Session, col, select

from p2p_reflex.domain.vocabulary import BidState, ListingState, Role
from p2p_reflex.models import Bid, BusinessClock, Listing, Member
from p2p_reflex.services import (
    acceptance,
    assessments,
    bidding,
    business_date,
    business_day,
    listings,
    members,
)
from p2p_reflex.services.demo import people
from p2p_reflex.services.demo.people import DemoLender
from p2p_reflex.services.demo.plans import PLANS, Plan
from p2p_reflex.services.demo.repaying import look_after_loans
from p2p_reflex.services.demo.village import World, add_money, moment
from p2p_reflex.services.listings import ListingForm

HISTORY_DAYS = 548
LOAN_COUNT = 156
OPEN_COUNT = 20
WINDOW_DAYS = 7
ARRIVAL_DAYS = 60
FEATURED_DAYS_BEFORE = 4


def is_built(session: Session) -> bool:
    """Say whether anybody lives here already, in which case the demo stays away."""
    return session.exec(select(Member.id).limit(1)).first() is not None


def ensure_demo(session: Session, *, ends_on: date, seed: int) -> bool:
    """Build the demo market where nobody lives yet, and say whether it was built now."""
    if is_built(session):
        return False
    build(session, ends_on=ends_on, seed=seed)
    return True


def build(
    session: Session,
    *,
    ends_on: date,
    seed: int,
    history_days: int = HISTORY_DAYS,
    loan_count: int = LOAN_COUNT,
    open_count: int = OPEN_COUNT,
) -> None:
    """Build the demo market up to a business date: same seed and date, same market to the cent.

    Everything is one transaction, so that there is a whole demo or none.
    """
    starts_on = ends_on - timedelta(days=history_days)
    session.execute(sa.delete(BusinessClock))  # an empty market may have opened today; its history is earlier
    business_date.open_day(session, business_on=starts_on)
    world = World(session=session, luck=random.Random(seed))  # noqa: S311 - dice, not secrets
    _welcome_people(world, starts_on)
    publications = _plan_publications(world, history_days, loan_count, open_count)
    for day in range(history_days + 1):
        business_on = starts_on + timedelta(days=day)
        _bring_money(world, day, business_on)
        for borrower_id, plan in publications.get(day, ()):
            _publish(world, borrower_id, plan, business_on)
        if day == history_days - FEATURED_DAYS_BEFORE:
            _publish_featured(world, business_on)
        _bid(world, business_on)
        _decide(world, business_on, is_last=day == history_days)
        look_after_loans(world, business_on)
        if day < history_days:
            business_day.close_day(session, business_on=business_on, now=moment(business_on, 23))
        session.flush()
        session.expunge_all()


def _welcome_people(world: World, starts_on: date) -> None:
    """Register everybody; nobody has a password, the sign-in page offers the first of each kind."""
    now = moment(starts_on, 6)
    for borrower in people.borrowers(world.luck):
        member_id = members.create_member(
            world.session,
            role=Role.BORROWER,
            full_name=borrower.full_name,
            email=borrower.email,
            password_hash=None,
            now=now,
            is_demo=True,
        )
        profile = members.check_profile(borrower.profile)
        profile.member_id, profile.updated_at = member_id, now
        world.session.add(profile)
        world.borrowers[member_id] = borrower
    for lender in people.lenders(world.luck):
        member_id = members.create_member(
            world.session,
            role=Role.LENDER,
            full_name=lender.full_name,
            email=lender.email,
            password_hash=None,
            now=now,
            is_demo=True,
        )
        world.lenders[member_id] = lender
    members.create_member(
        world.session,
        role=Role.ADMIN,
        full_name=people.ADMIN_NAME,
        email=people.address_of(people.ADMIN_NAME),
        password_hash=None,
        now=now,
        is_demo=True,
    )


def _plan_publications(
    world: World, history_days: int, loan_count: int, open_count: int
) -> dict[int, list[tuple[int, Plan]]]:
    """Spread the listings over the history, a little denser towards today, the last ones still open."""
    luck = world.luck
    last_closed_day = history_days - WINDOW_DAYS - 2
    days = [round(last_closed_day * luck.random() ** 0.85) for _ in range(loan_count)]
    days += [history_days - round(luck.uniform(0, WINDOW_DAYS - 1.5)) for _ in range(open_count)]
    borrower_ids = list(world.borrowers)
    featured = PLANS[0]
    publications: dict[int, list[tuple[int, Plan]]] = {}
    for place, day in enumerate(sorted(days)):
        plan = PLANS[1 + (place * 7 + luck.randrange(3)) % (len(PLANS) - 1)]
        if plan is not featured:
            publications.setdefault(day, []).append((luck.choice(borrower_ids), plan))
    return publications


def _bring_money(world: World, day: int, business_on: date) -> None:
    """Let lenders arrive over the first weeks, and add to an empty wallet now and then."""
    share = (Decimal("0.6"), Decimal("0.4"))
    for place, (member_id, lender) in enumerate(world.lenders.items()):
        arrives = place * ARRIVAL_DAYS // max(1, len(world.lenders))
        part = share[0] if day == arrives else share[1] if day == arrives + 150 else None
        if part is not None:
            add_money(world, member_id, int(lender.capital_cents * part) // 100 * 100, business_on)


def _publish(world: World, borrower_id: int, plan: Plan, business_on: date) -> None:
    """Publish a listing; a borrower who has too many already leaves it to a neighbour."""
    luck = world.luck
    amount = luck.randrange(plan.smallest, plan.largest, 100)
    term = luck.choice((12, 18, 24, 24, 36, 36, 36, 48, 60))
    automatic = luck.random() < 0.55
    neighbours = [borrower_id, *luck.sample(list(world.borrowers), 6)]
    for candidate_id in neighbours:
        form = ListingForm(
            amount=str(amount),
            term_months=str(term),
            purpose=plan.purpose.value,
            highest_rate=_highest_rate(world, candidate_id, amount, term, plan, business_on),
            title=plan.title,
            story=plan.story,
            window_days=str(WINDOW_DAYS),
            smallest_share="100" if luck.random() < 0.7 else "80",
            accepts_automatically=automatic,
        )
        if _try_to_publish(world, candidate_id, form, business_on) is not None:
            return


def _publish_featured(world: World, business_on: date) -> None:
    """Publish the listing that the landing page shows, by the borrower whom the sign-in page offers."""
    plan, borrower_id = PLANS[0], next(iter(world.borrowers))
    form = ListingForm(
        amount="18000",
        term_months="36",
        purpose=plan.purpose.value,
        highest_rate=_highest_rate(world, borrower_id, 18_000, 36, plan, business_on),
        title=plan.title,
        story=plan.story,
        window_days=str(WINDOW_DAYS),
    )
    _try_to_publish(world, borrower_id, form, business_on)


def _try_to_publish(world: World, borrower_id: int, form: ListingForm, business_on: date) -> int | None:
    return world.attempt(
        lambda: listings.publish(
            world.session,
            borrower_id=borrower_id,
            form=form,
            form_key=world.form_key(),
            business_on=business_on,
            now=moment(business_on, 9, world.luck.randrange(60)),
        )
    )


def _highest_rate(
    world: World, borrower_id: int, amount: int, term: int, plan: Plan, business_on: date
) -> str:
    """Ask for a highest rate some points above the floor, as people do."""
    assessment = assessments.preview(
        world.session,
        borrower_id=borrower_id,
        amount_cents=amount * 100,
        term_months=term,
        purpose=plan.purpose,
        business_on=business_on,
    )
    percent = min(Decimal(36), assessment.floor_rate * 100 + Decimal(world.luck.randrange(250, 550)) / 100)
    return f"{percent:.2f}"


def _bid(world: World, business_on: date) -> None:
    """Let lenders look at the market: who is eager bids, lower where the book is covered."""
    luck = world.luck
    books = world.session.execute(
        sa.select(
            col(Listing.id), col(Listing.amount_cents), col(Listing.floor_rate), col(Listing.highest_rate),
            col(Listing.covered_cents), col(Listing.average_rate),
        ).where(col(Listing.state) == ListingState.OPEN, col(Listing.closes_on) >= business_on)
        .order_by(col(Listing.id))
    ).all()  # fmt: skip
    for book in books:
        for lender_id, lender in world.lenders.items():
            if luck.random() > lender.eagerness * 0.22:
                continue
            percent = _wanted_percent(world, lender, book)
            dollars = round(lender.capital_cents * lender.bid_share * luck.uniform(0.4, 1.1) / 2500) * 25
            dollars = max(25, min(dollars, book.amount_cents // 400))
            _place(world, lender_id, book.id, dollars, percent, business_on)


def _wanted_percent(world: World, lender: DemoLender, book: Row[Any]) -> Decimal:
    """Name the rate a lender asks for, in percent: lower once the book is covered, never out of bounds."""
    is_covered = book.covered_cents >= book.amount_cents
    top = book.average_rate if is_covered else book.highest_rate
    span = max(Decimal(0), top - book.floor_rate)
    share = Decimal(str(round(lender.appetite * world.luck.uniform(0.8, 1.25), 3)))
    percent: Decimal = ((book.floor_rate + span * share) * 100).quantize(Decimal("0.05"))
    lowest, highest = Decimal(book.floor_rate * 100), Decimal(book.highest_rate * 100)
    return min(max(percent, lowest), highest)


def _place(
    world: World, lender_id: int, listing_id: int, dollars: int, percent: Decimal, business_on: date
) -> None:
    standing = world.session.exec(
        select(Bid.id).where(
            Bid.listing_id == listing_id, Bid.lender_id == lender_id, col(Bid.state) == BidState.LIVE
        )
    ).first()
    if standing is not None:
        return
    world.attempt(
        lambda: bidding.place_bid(
            world.session,
            lender_id=lender_id,
            listing_id=listing_id,
            amount=str(dollars),
            rate=str(percent.normalize() if percent % 1 else percent),
            message="",
            form_key=world.form_key(),
            business_on=business_on,
            now=moment(business_on, 10 + world.luck.randrange(9), world.luck.randrange(60)),
        )
    )


def _decide(world: World, business_on: date, *, is_last: bool) -> None:
    """Let borrowers who decide themselves accept once the window is nearly over or has passed."""
    rows = world.session.exec(
        select(Listing)
        .where(col(Listing.state).in_((ListingState.OPEN, ListingState.DECIDING)))
        .order_by(col(Listing.id))
    ).all()
    for listing in rows:
        is_due = listing.closes_on <= business_on and not listing.accepts_automatically
        if not is_due or listing.average_rate is None:
            continue
        if world.luck.random() < 0.12 and not is_last:
            continue
        world.attempt(lambda listing=listing: _accept(world, listing, business_on))  # type: ignore[misc]


def _accept(world: World, listing: Listing, business_on: date) -> int:
    assert listing.average_rate is not None  # noqa: S101 - the caller looked
    return acceptance.accept(
        world.session,
        borrower_id=listing.borrower_id,
        listing_id=listing.id,
        seen_average_rate=listing.average_rate,
        seen_covered_cents=listing.covered_cents,
        form_key=world.form_key(),
        business_on=business_on,
        now=moment(business_on, 19),
    )
