"""Holds against a small model: set aside, changed, posted or released, exactly once, whatever happens."""

import contextlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from p2p_reflex import database as house
from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.vocabulary import BidState, HoldState, ListingState
from p2p_reflex.models import Bid, Hold, Listing, Note
from p2p_reflex.services.bidding import acceptance, bidding, book
from p2p_reflex.services.money import ledger, wallets
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_lender, a_listing, broken_laws, give_cash

CASH_CENTS = (1_000_00, 1_000_00, 0)
ASKED_CENTS = 1_000_00
LENDERS = len(CASH_CENTS)
BOOKS = 2

lenders = st.integers(0, LENDERS - 1)
places = st.integers(0, BOOKS - 1)
amounts = st.sampled_from([25_00, 400_00, 600_00, 900_00, 1_000_00, 1_025_00])
rates = st.sampled_from([Decimal(percent) / 100 for percent in (8, 10, 12)])


@dataclass
class ModelBid:
    """A bid as the model remembers it: who, how much, at what rate, and in which order it came."""

    lender: int
    cents: int
    rate: Decimal
    order: int


@dataclass
class ModelBook:
    """A book as a list; what leads is worked out anew each time, dollar by dollar in rank order."""

    bids: list[ModelBid] = field(default_factory=list)

    def leading(self, bids: list[ModelBid] | None = None) -> dict[int, int]:
        """Give what of each lender's bid leads."""
        left = ASKED_CENTS
        found = {}
        for bid in sorted(self.bids if bids is None else bids, key=lambda bid: (bid.rate, bid.order)):
            found[bid.lender] = min(bid.cents, left)
            left -= found[bid.lender]
        return found


class HoldMachine(RuleBasedStateMachine):
    """Bid, replace, withdraw, decline, take money out, accept and release, in any order."""

    engine: Engine

    @initialize(bids=st.lists(st.tuples(lenders, places, amounts, rates), min_size=3, max_size=8))
    def open_the_market(self, bids: list[tuple[int, int, int, Decimal]]) -> None:
        """Give every run people, books and first bids of its own; the database is shared by the runs."""
        self.lender_ids = [house.run(a_lender, cash_cents=cents) for cents in CASH_CENTS]
        self.borrower_ids = [house.run(a_borrower) for _ in range(BOOKS)]
        self.listing_ids = [0] * BOOKS
        self.books = [ModelBook() for _ in range(BOOKS)]
        for place in range(BOOKS):
            self._open_listing(place)
        self.cash = list(CASH_CENTS)
        self.posted = [0] * LENDERS
        self.order = 0
        for lender, place, cents, rate in bids:
            self.bid(lender, place, cents, rate)

    @rule(lender=lenders, place=places, cents=amounts, rate=rates)
    def bid(self, lender: int, place: int, cents: int, rate: Decimal) -> None:
        """Place a bid, or replace the one that stands; the model says whether it may be."""
        self.order += 1
        model = self.books[place]
        before = model.leading()
        rest = [bid for bid in model.bids if bid.lender != lender]
        old = next((bid for bid in model.bids if bid.lender == lender), None)
        is_same = old is not None and (old.cents, old.rate) == (cents, rate)
        new = ModelBid(lender, cents, rate, old.order if old is not None and is_same else self.order)
        wanted = [*rest, new]
        is_allowed = cents <= ASKED_CENTS
        if old is not None and before[lender]:
            is_allowed = is_allowed and cents >= before[lender] and rate <= old.rate
        if is_allowed:
            wanted = self._without_the_broke(place, wanted, before, newcomer=lender)
            is_allowed = any(bid.lender == lender and bid.order == new.order for bid in wanted)

        result = self._try(
            bidding.place_bid,
            lender_id=self.lender_ids[lender],
            listing_id=self.listing_ids[place],
            amount=str(cents // 100),
            rate=str(rate * 100),
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )

        assert (result is not None) == is_allowed
        if is_allowed:
            self._settle(place, before, wanted)

    @precondition(lambda self: any(model.bids for model in self.books))
    @rule(lender=lenders, place=places)
    def withdraw_bid(self, lender: int, place: int) -> None:
        """Take a bid back, which only an outbid one may be."""
        model = self.books[place]
        bid = next((bid for bid in model.bids if bid.lender == lender), None)
        bid_id = self._bid_id(lender, place)
        if bid_id is None or bid is None:
            assert bid_id is None
            assert bid is None
            return
        before = model.leading()

        result = self._try(
            bidding.withdraw_bid,
            lender_id=self.lender_ids[lender],
            bid_id=bid_id,
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )

        assert (result is not None) == (before[lender] == 0)
        if result is not None:
            self._settle(place, before, [other for other in model.bids if other is not bid])

    @precondition(lambda self: any(model.bids for model in self.books))
    @rule(place=places)
    def decline_the_best_bid(self, place: int) -> None:
        """Decline the best bid: whoever comes next leads, if they can pay."""
        model = self.books[place]
        if not model.bids:
            return
        best = min(model.bids, key=lambda bid: (bid.rate, bid.order))
        before = model.leading()
        rest = [bid for bid in model.bids if bid is not best]

        result = self._try(
            bidding.decline_bid,
            borrower_id=self.borrower_ids[place],
            bid_id=self._bid_id(best.lender, place),
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )

        assert result is not None
        self._settle(place, before, self._without_the_broke(place, rest, before))

    @precondition(lambda self: any(model.bids for model in self.books))
    @rule(place=places)
    def decline_once_nobody_has_cash(self, place: int) -> None:
        """Empty every wallet first: nobody who waits outbid can step in, part that leads stays."""
        for lender in range(LENDERS):
            self.take_money_out(lender, 0)
        self.decline_the_best_bid(place)

    @rule(lender=lenders, more=st.sampled_from([-100, 0, 0, 0, 1]))
    def take_money_out(self, lender: int, more: int) -> None:
        """Withdraw all that is available, a little less or too much; what is held cannot be touched."""
        dollars = self.cash[lender] // 100 + more
        if dollars < 1:
            return
        result = self._try(
            wallets.withdraw,
            member_id=self.lender_ids[lender],
            amount=str(dollars),
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )

        assert (result is not None) == (dollars * 100 <= self.cash[lender])
        if result is not None:
            self.cash[lender] -= dollars * 100

    @rule(lender=lenders, dollars=st.sampled_from([100, 1000]))
    def put_money_in(self, lender: int, dollars: int) -> None:
        """Add money."""
        house.run(give_cash, member_id=self.lender_ids[lender], cash_cents=dollars * 100)

        self.cash[lender] += dollars * 100

    @precondition(lambda self: any(len(model.bids) > 1 for model in self.books))
    @rule(place=places)
    def accept(self, place: int) -> None:
        """Accept the book, which only a covered one allows: what is held is posted."""
        model = self.books[place]
        leading = model.leading()

        result = self._try(
            acceptance.accept,
            borrower_id=self.borrower_ids[place],
            listing_id=self.listing_ids[place],
            seen_average_rate=Decimal(1),
            seen_covered_cents=0,
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )

        assert (result is not None) == (sum(leading.values()) == ASKED_CENTS)
        if result is not None:
            for lender, cents in leading.items():
                self.posted[lender] += cents
            self._open_listing(place)

    @precondition(lambda self: any(len(model.bids) > 1 for model in self.books))
    @rule(place=places)
    def release(self, place: int) -> None:
        """End a listing without a loan: every held cent is released."""
        listing_id = self.listing_ids[place]

        def end(session: Session) -> None:
            listing = book.lock_listing(session, listing_id=listing_id)
            book.release_book(
                session, listing=listing, state=BidState.REJECTED, memo="Ended", business_on=TODAY, now=NOW
            )
            listing.state = ListingState.WITHDRAWN
            listing.ended_on = TODAY

        house.run(end)

        self._settle(place, self.books[place].leading(), [])
        self._open_listing(place)

    @invariant()
    def everything_is_what_the_model_says(self) -> None:
        """Compare balances, books and holds with the model: a hold ended once, a posted cent is a note."""
        if not hasattr(self, "lender_ids"):
            return
        with house.reading() as session:
            leading = [model.leading() for model in self.books]
            for lender, lender_id in enumerate(self.lender_ids):
                held = sum(one.get(lender, 0) for one in leading)
                assert ledger.balances(session, member_id=lender_id) == (self.cash[lender], held)
                assert _posted(session, lender_id=lender_id) == (self.posted[lender], self.posted[lender], 0)
            for place, listing_id in enumerate(self.listing_ids):
                assert _standing(session, listing_id=listing_id) == {
                    self.lender_ids[bid.lender]: (bid.cents, leading[place][bid.lender])
                    for bid in self.books[place].bids
                }

    def teardown(self) -> None:
        """Check the laws of the books when a run is over."""
        if hasattr(self, "lender_ids"):
            assert house.read(broken_laws) == []

    def _open_listing(self, place: int) -> None:
        """Put a new listing in a place, so that the run goes on."""
        borrower_id = self.borrower_ids[place]
        self.listing_ids[place] = house.run(a_listing, borrower_id=borrower_id, amount_cents=ASKED_CENTS)
        self.books[place] = ModelBook()

    def _try(self, service: Any, **how: Any) -> Any:
        """Run a service; a refusal answers none."""
        with contextlib.suppress(LendingError):
            return house.run(service, **how)
        return None

    def _bid_id(self, lender: int, place: int) -> int | None:
        mine = (Bid.listing_id == self.listing_ids[place], Bid.lender_id == self.lender_ids[lender])
        return house.run(
            lambda session: session.exec(
                select(Bid.id).where(*mine, Bid.state == BidState.LIVE)  # type: ignore[arg-type]
            ).first()
        )

    def _without_the_broke(
        self, place: int, bids: list[ModelBid], before: dict[int, int], *, newcomer: int | None = None
    ) -> list[ModelBid]:
        """Drop, one by one from the best, the bids whose lenders cannot pay what would lead."""
        model = self.books[place]
        while True:
            leading = model.leading(bids)
            ranked = sorted(bids, key=lambda bid: (bid.rate, bid.order))
            broke = next(
                (
                    bid
                    for bid in ranked
                    if leading[bid.lender] - before.get(bid.lender, 0) > self.cash[bid.lender]
                ),
                None,
            )
            if broke is None:
                return bids
            bids = [bid for bid in bids if bid is not broke]
            if broke.lender == newcomer and broke.order == self.order:
                bids += [bid for bid in model.bids if bid.lender == newcomer]
            elif before.get(broke.lender, 0) >= 25_00:
                bids.append(ModelBid(broke.lender, before[broke.lender], broke.rate, broke.order))

    def _settle(self, place: int, before: dict[int, int], bids: list[ModelBid]) -> None:
        """Move the model's cash by what leads more or less than before."""
        after = self.books[place].leading(bids)
        for lender in before.keys() | after.keys():
            self.cash[lender] -= after.get(lender, 0) - before.get(lender, 0)
        self.books[place].bids = bids


def _standing(session: Session, *, listing_id: int) -> dict[int, tuple[int, int]]:
    """Return what stands in a listing's book, by lender: the amount, and what of it leads."""
    rows = session.exec(select(Bid).where(Bid.listing_id == listing_id, Bid.state == BidState.LIVE))
    found = {bid.lender_id: (bid.amount_cents, bid.leading_cents) for bid in rows}
    covered_cents = session.get_one(Listing, listing_id).covered_cents
    assert covered_cents == sum(leading for _, leading in found.values())
    return found


def _posted(session: Session, *, lender_id: int) -> tuple[int, int, int]:
    """Return what was posted of a lender's holds, what their notes are, and ended holds without an end."""
    holds = session.exec(select(Hold).where(Hold.member_id == lender_id)).all()
    notes = session.exec(select(Note).where(Note.lender_id == lender_id)).all()
    return (
        sum(hold.amount_cents for hold in holds if hold.state is HoldState.POSTED),
        sum(note.principal_cents for note in notes),
        sum((hold.state is HoldState.ACTIVE) != (hold.ended_at is None) for hold in holds),
    )


@pytest.mark.parametrize(("examples", "database"), [(20, "sqlite"), (8, "postgresql")], indirect=["database"])
def test_holds_follow_the_model_whatever_happens(database: Engine, examples: int) -> None:
    run_state_machine_as_test(
        HoldMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
