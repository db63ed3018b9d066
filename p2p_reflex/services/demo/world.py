"""Owns how the demo market comes to life: the real services, called day by day, under a fixed seed."""

import random
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from p2p_reflex.domain.vocabulary import AccountKind, Role
from p2p_reflex.models import BusinessClock, LedgerAccount, Member
from p2p_reflex.services.bots import bot_runs
from p2p_reflex.services.days import business_date, business_day
from p2p_reflex.services.demo import people
from p2p_reflex.services.demo.asking import WINDOW_DAYS, decide, publish, publish_own_story
from p2p_reflex.services.demo.bidders import let_everybody_bid
from p2p_reflex.services.demo.repaying import look_after_loans, provide_ahead
from p2p_reflex.services.demo.talking import NOTICES_FROM_DAYS_BEFORE, settle, talk
from p2p_reflex.services.demo.village import World, add_money, moment
from p2p_reflex.services.notices import notices
from p2p_reflex.services.people import members

HISTORY_DAYS = 548
LOAN_COUNT = 156
OPEN_COUNT = 20
ARRIVAL_DAYS = 60
BUSY_DAYS = 30
QUIET_DAYS = 3
LOOKS_EVERY_DAYS = 30


def is_built(session: Session) -> bool:
    """Say whether anybody lives here already, in which case the demo stays away."""
    return session.exec(select(Member.id).limit(1)).first() is not None


def ensure_demo(session: Session, *, ends_on: date, seed: int) -> bool:
    """Build the demo market where nobody lives yet, and say whether it was built now.

    Of two builders at once the second waits, then finds the first one's market.
    """
    bank = select(LedgerAccount).where(LedgerAccount.kind == AccountKind.BANK)
    session.exec(bank.with_for_update()).one()
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
    notices.hush(session)  # nobody reads what was told a year ago
    _welcome_people(world, starts_on)
    bot_runs.enroll_bots(session, business_on=starts_on, now=moment(starts_on, 7))
    listing_counts = _plan_publications(world, history_days, loan_count, open_count)
    for day in range(history_days + 1):
        business_on, days_left = starts_on + timedelta(days=day), history_days - day
        world.days_left = days_left
        if days_left == NOTICES_FROM_DAYS_BEFORE:
            notices.speak(session)
        _bring_money(world, day, business_on)
        publish_own_story(world, business_on, days_left=days_left)
        if not days_left:
            talk(world, business_on=business_on, seed=seed)
        _live(world, business_on, new_listings=listing_counts[day])
        if days_left:
            business_day.close_day(session, business_on=business_on, now=moment(business_on, 23))
        session.flush()
        session.expunge_all()
        if day % LOOKS_EVERY_DAYS == LOOKS_EVERY_DAYS - 1:
            _look_at_sizes(session)
    provide_ahead(world, world.first_borrower_id, ends_on)
    settle(world, business_on=ends_on)


def _look_at_sizes(session: Session) -> None:
    """Let PostgreSQL know how far the tables grew: within one transaction nobody else tells its planner."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("ANALYZE"))


def live_one_day(session: Session, *, business_on: date, seed: int) -> None:
    """Let the demo's people live through the open business day, but for those whom a visitor may be playing.

    The same seed and day give the same dice, whatever happened before.
    """
    world = World(
        session=session,
        luck=random.Random(f"{seed} {business_on}"),  # noqa: S311 - dice, not secrets
        form_prefix=f"demo-{business_on}",
    )
    _remember_people(world, seed)
    if world.borrowers and world.lenders:
        world.played = world.offered_members
        _live(world, business_on, new_listings=world.luck.randrange(1, 4))


def _live(world: World, business_on: date, *, new_listings: int) -> None:
    """Ask, bid, decide and pay; long ago people looked in now and then, in the last weeks twice a day."""
    for _ in range(new_listings):
        publish(world, business_on)
    if world.days_left < BUSY_DAYS:
        let_everybody_bid(world, business_on, visits=2 if world.days_left else 1)
    elif not world.days_left % QUIET_DAYS:
        let_everybody_bid(world, business_on, visits=1, days=QUIET_DAYS)
    decide(world, business_on)
    look_after_loans(world, business_on)


def _remember_people(world: World, seed: int) -> None:
    """Find the demo's people again; who they are follows from the seed."""
    luck = random.Random(seed)  # noqa: S311 - dice, not secrets
    borrowers, lenders = people.borrowers(luck), people.lenders(luck)
    rows = world.session.exec(
        select(Member.email, Member.id).where(col(Member.is_demo).is_(True)).order_by(col(Member.id))
    )
    ids = dict(rows.all())
    world.borrowers = {ids[person.email]: person for person in borrowers if person.email in ids}
    world.lenders = {ids[person.email]: person for person in lenders if person.email in ids}


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


def _plan_publications(world: World, history_days: int, loan_count: int, open_count: int) -> Counter[int]:
    """Spread the listings over the history, a little denser towards today, the last ones still open."""
    luck = world.luck
    last_closed_day = history_days - WINDOW_DAYS - 2
    days = [round(last_closed_day * luck.random() ** 0.85) for _ in range(loan_count)]
    days += [history_days - round(luck.uniform(0, WINDOW_DAYS - 1.5)) for _ in range(open_count)]
    return Counter(days)


def _bring_money(world: World, day: int, business_on: date) -> None:
    """Let lenders arrive over the first weeks, and add to an empty wallet now and then."""
    share = (Decimal("0.6"), Decimal("0.4"))
    for place, (member_id, lender) in enumerate(world.lenders.items()):
        arrives = place * ARRIVAL_DAYS // max(1, len(world.lenders))
        part = share[0] if day == arrives else share[1] if day == arrives + 150 else None
        if part is not None:
            add_money(world, member_id, int(lender.capital_cents * part) // 100 * 100, business_on)
