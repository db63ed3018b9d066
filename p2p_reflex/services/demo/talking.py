"""Owns what people in the demo market say to each other: questions on listings, letters about loans."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import sqlalchemy as sa
from sqlmodel import col

from p2p_reflex.domain.vocabulary import BidState, ListingState, LoanState
from p2p_reflex.models import Bid, Listing, Loan, Member, Note
from p2p_reflex.services.conversations import letters, questions
from p2p_reflex.services.demo.village import World, moment
from p2p_reflex.services.notices import notices

NOTICES_FROM_DAYS_BEFORE = 21
UNREAD_DAYS = 1

Said = tuple[date, Callable[[], object]]

FEATURED_TALK: tuple[tuple[int, str, str | None], ...] = (
    (
        2,
        "Are the café orders written down, or spoken?",
        "One is signed from January, the other is an e-mail. Both start in the second week.",
    ),
    (
        1,
        "What happens to the old oven once the new one is in?",
        "It stays. The old one bakes the rye overnight, the new one does the morning.",
    ),
    (0, "Do you pay rent for the bakery, and for how long is it settled?", None),
)

TALK: tuple[tuple[str, str | None], ...] = (
    ("Is the price a quote or a guess?", "A written quote, good until the end of next month."),
    ("What would you do if the offers stayed under what you ask for?", "Wait a month and ask for less."),
    ("How long have you been in your job?", None),
    ("Does anybody else in the household earn?", "Yes, my partner works four days a week."),
)

LETTERS = (
    ("lender", 9, "Thank you for the updates on the listing. How did it go?"),
    ("borrower", 8, "Very well, it was done in three days. The first installment goes out by autopay."),
    ("lender", 1, "Good to hear. All the best with it."),
)


def talk(world: World, *, business_on: date, seed: int) -> None:
    """Let lenders ask about open listings and write about loans; the market's own dice are not touched."""
    luck = random.Random(f"{seed} talk")  # noqa: S311 - dice, not secrets
    said = [*_questions(world, luck, business_on), *_letters(world, business_on)]
    for on, say in sorted(said, key=lambda each: each[0]):
        if business_on - on > timedelta(days=UNREAD_DAYS):
            notices.hush(world.session)
        say()
        notices.speak(world.session)


def settle(world: World, *, business_on: date) -> None:
    """Let what was told before yesterday be read, and no e-mail of a made-up past go out."""
    read_before = moment(business_on - timedelta(days=UNREAD_DAYS), 0)
    notices.settle_history(world.session, read_before=read_before, now=moment(business_on, 6))


def _questions(world: World, luck: random.Random, business_on: date) -> list[Said]:
    """Choose who asks what: three questions on the listing of whom a visitor may play, one here and there."""
    said: list[Said] = []
    listings = world.session.execute(
        sa.select(col(Listing.id), col(Listing.borrower_id), col(Listing.opens_on))
        .where(col(Listing.state) == ListingState.OPEN)
        .order_by(col(Listing.id))
    ).all()
    for row in listings:
        askers = _bidders(world, row.id)
        if not askers:
            continue
        if row.borrower_id == world.first_borrower_id:
            asked = FEATURED_TALK
        else:
            asked = ((0, *luck.choice(TALK)),) if luck.random() < 0.6 else ()
        for days_before, question, answer in asked:
            on = max(row.opens_on, business_on - timedelta(days=days_before))
            asker_id = luck.choice(askers)
            said.append((on, partial(_ask, world, asker_id, row.id, row.borrower_id, question, answer, on)))
    return said


def _bidders(world: World, listing_id: int) -> list[int]:
    return list(
        world.session.execute(
            sa.select(col(Bid.lender_id))
            .where(
                col(Bid.listing_id) == listing_id,
                col(Bid.state) == BidState.LIVE,
                col(Bid.is_bot).is_(False),
            )
            .order_by(col(Bid.id))
        ).scalars()
    )


def _ask(
    world: World,
    lender_id: int,
    listing_id: int,
    borrower_id: int,
    question: str,
    answer: str | None,
    business_on: date,
) -> None:
    question_id = world.attempt(
        lambda: questions.ask(
            world.session,
            lender_id=lender_id,
            listing_id=listing_id,
            text=question,
            form_key=world.form_key(),
            business_on=business_on,
            now=moment(business_on, 5, 10),
        )
    )
    if question_id is not None and answer is not None:
        world.attempt(
            lambda: questions.answer(
                world.session,
                borrower_id=borrower_id,
                question_id=question_id,
                text=answer,
                form_key=world.form_key(),
                business_on=business_on,
                now=moment(business_on, 5, 40),
            )
        )


def _letters(world: World, business_on: date) -> list[Said]:
    """Let a few people write about the newest loans of those whom the sign-in page offers."""
    lender_id = next(iter(world.lenders))
    threads = [
        *_newest_notes(world, col(Note.lender_id) == lender_id),
        *_newest_notes(world, col(Loan.borrower_id) == world.first_borrower_id),
    ]
    said: list[Said] = []
    for place, (loan_id, borrower_id, writer_id, begins_on) in enumerate(dict.fromkeys(threads)):
        for author, days_before, text in LETTERS[: 3 - place % 2]:
            on = max(begins_on, business_on - timedelta(days=days_before))
            author_id = writer_id if author == "lender" else borrower_id
            write = partial(_write, world, author_id, loan_id, writer_id, text, on)
            said.append((on, partial(world.attempt, write)))
    return said


def _write(world: World, author_id: int, loan_id: int, lender_id: int, text: str, business_on: date) -> None:
    """Read what came, then write."""
    now = moment(business_on, 5, 50)
    letters.mark_read(world.session, member_id=author_id, loan_id=loan_id, lender_id=lender_id, now=now)
    letters.send(
        world.session,
        author_id=author_id,
        loan_id=loan_id,
        lender_id=lender_id,
        text=text,
        form_key=world.form_key(),
        business_on=business_on,
        now=now,
    )


def _newest_notes(world: World, condition: sa.ColumnElement[bool]) -> list[tuple[int, int, int, date]]:
    """Find the two newest loans that meet a condition, each with a person who lent for it."""
    rows = world.session.execute(
        sa.select(col(Loan.id), col(Loan.borrower_id), sa.func.min(Note.lender_id), col(Loan.disbursed_on))
        .join(Note, col(Note.loan_id) == Loan.id)
        .join(Member, col(Member.id) == Note.lender_id)
        .where(condition, col(Loan.state) == LoanState.ACTIVE, col(Member.is_bot).is_(False))
        .group_by(col(Loan.id), col(Loan.borrower_id), col(Loan.disbursed_on))
        .order_by(col(Loan.id).desc())
        .limit(2)
    )
    return [tuple(row) for row in rows]
