"""Owns how borrowers in the demo market ask for money, and how they decide about their offers."""

from datetime import date
from decimal import Decimal

from sqlmodel import col, select

from p2p_reflex.domain.vocabulary import ListingState
from p2p_reflex.models import Listing
from p2p_reflex.services.bidding import acceptance
from p2p_reflex.services.demo.plans import PLANS, Plan
from p2p_reflex.services.demo.village import World, moment
from p2p_reflex.services.listings import listings
from p2p_reflex.services.listings.listings import ListingForm
from p2p_reflex.services.people import assessments

FEATURED = PLANS[0]
WINDOW_DAYS = 7
FORGETS = 0.12
STORY = {
    515: ("Closing an old line of credit", 4_200, 12),
    290: ("Roof repair after the storm", 9_600, 24),
    4: (FEATURED.title, 18_000, 36),
}
"""How many days before the demo's today, what, how many dollars, and over how many months."""


def next_plan(world: World) -> Plan:
    """Draw a plan whose title does not stand on the market already."""
    standing = select(Listing.title).where(col(Listing.state).in_((ListingState.OPEN, ListingState.DECIDING)))
    taken = set(world.session.exec(standing).all())
    free = [plan for plan in PLANS if plan is not FEATURED and plan.title not in taken]
    return world.luck.choice(free or list(PLANS[1:]))


def publish(world: World, business_on: date) -> None:
    """Publish a listing; a borrower who has too many already leaves it to a neighbour."""
    luck, plan = world.luck, next_plan(world)
    amount = luck.randrange(plan.smallest, plan.largest, 100)
    term = luck.choice((12, 18, 24, 24, 36, 36, 36, 48, 60))
    automatic = luck.random() < 0.55
    others = [member_id for member_id in world.borrowers if member_id != world.first_borrower_id]
    for candidate_id in luck.sample(others, min(8, len(others))):
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


def publish_own_story(world: World, business_on: date, *, days_left: int) -> None:
    """Publish what the borrower of the sign-in page asks for: two loans long ago, one listing now."""
    chapter = STORY.get(days_left)
    if chapter is None:
        return
    title, dollars, term = chapter
    plan = next(plan for plan in PLANS if plan.title == title)
    borrower_id = world.first_borrower_id
    form = ListingForm(
        amount=str(dollars),
        term_months=str(term),
        purpose=plan.purpose.value,
        highest_rate=_highest_rate(world, borrower_id, dollars, term, plan, business_on),
        title=plan.title,
        story=plan.story,
        window_days=str(WINDOW_DAYS),
        accepts_automatically=plan is not FEATURED,
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


def decide(world: World, business_on: date) -> None:
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
        if listing.borrower_id in world.played or world.luck.random() < FORGETS:
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
