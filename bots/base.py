"""Owns what a bot sees of the market, what it proposes, and the way from one to the other that bots share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from bots import pricing, wording
from p2p_reflex.domain import formats
from p2p_reflex.domain.bot_limits import room_for_bot_cents
from p2p_reflex.domain.money import portion_cents
from p2p_reflex.domain.order_book import RATE_TICK, OpenBid, rate_to_lead_in_full
from p2p_reflex.domain.repricing import SMALLEST_BID_CENTS
from p2p_reflex.domain.vocabulary import Grade, Purpose


class ListingFacts(NamedTuple):
    """One open listing; `kept_cents` is what bots must leave to people now."""

    listing_id: int
    borrower_id: int
    grade: Grade
    credit_score: int
    debt_to_income: Decimal
    purpose: Purpose
    term_months: int
    amount_cents: int
    floor_rate: Decimal
    highest_rate: Decimal
    expected_loss_rate: Decimal
    minutes_open: int
    kept_cents: int


class BookView(NamedTuple):
    """A listing's book: its bids best first, what they offer in sum, and what of it is from bots.

    `average_rate` is that of what led when the round began; none while nothing did.
    """

    bids: tuple[OpenBid, ...] = ()
    offered_cents: int = 0
    bots_offered_cents: int = 0
    average_rate: Decimal | None = None


class OwnBid(NamedTuple):
    """The bot's own bid in a book, and what of it leads."""

    bid_id: int
    amount_cents: int
    leading_cents: int
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Market:
    """Everything one bot sees: the listings with their books, and its own money, bids and exposure.

    Exposure is what is lent and bid, by borrower and by grade, own bids in these books included.
    """

    business_on: date
    seed: int
    capital_cents: int
    cash_cents: int
    listings: Sequence[ListingFacts]
    books: Mapping[int, BookView]
    own_bids: Mapping[int, OwnBid]
    borrower_exposure_cents: Mapping[int, int]
    grade_exposure_cents: Mapping[Grade, int]

    @property
    def idle_share(self) -> Decimal:
        """Give the share of the capital that waits for a loan."""
        return Decimal(self.cash_cents) / self.capital_cents if self.capital_cents > 0 else Decimal(0)


class ProposedBid(NamedTuple):
    """What a bot wants of one listing, with its reason in one sentence; without a rate it passes."""

    listing_id: int
    reason: str
    amount_cents: int = 0
    rate: Decimal | None = None

    @property
    def is_pass(self) -> bool:
        """Tell a pass from a bid."""
        return self.rate is None


@dataclass(frozen=True, kw_only=True)
class Bot:
    """A lender that is a program. Its fields are its parameters; an admin may change those in PARAMETERS.

    Subclasses set other values, and override `objection` or `target_rate` where they have a mind of their
    own. `loan_share`, `borrower_share` and `grade_share` are caps, in shares of the capital; `bid_share` is
    of what a borrower asks for. A lower `turn` chooses first; `step_rate` is how far it goes under a rival.
    """

    name: str = ""
    way: str = ""
    capital_cents: int = 50_000_00
    turn: int = 50
    lowest_score: int = 660
    highest_debt_to_income: Decimal = Decimal("0.40")
    lowest_grade: Grade = Grade.D
    purposes: frozenset[Purpose] = frozenset(Purpose)
    longest_term_months: int = 60
    largest_listing_cents: int = 100_000_00
    margin_rate: Decimal = Decimal("0.018")
    minimum_return_rate: Decimal = Decimal("0.03")
    step_rate: Decimal = Decimal("0.001")
    bid_share: Decimal = Decimal("0.25")
    loan_share: Decimal = Decimal("0.02")
    borrower_share: Decimal = Decimal("0.03")
    grade_share: Decimal = Decimal("0.50")

    def choose_bids(self, market: Market) -> Sequence[ProposedBid]:
        """Look at every listing and say what to do about it, in the order of the market."""
        choices = []
        purse = Purse(self, market)
        for listing in market.listings:
            choice = self._choose(listing, market, purse)
            purse.take(choice, listing)
            choices.append(choice)
        return choices

    def objection(self, listing: ListingFacts, market: Market) -> str | None:
        """Say why this bot does not lend to this borrower, or nothing."""
        if listing.credit_score < self.lowest_score:
            return f"Credit score {listing.credit_score} is under our {self.lowest_score}."
        if listing.debt_to_income > self.highest_debt_to_income:
            found = wording.percent(listing.debt_to_income)
            return f"Debt-to-income {found} is over our {wording.percent(self.highest_debt_to_income)}."
        if listing.grade > self.lowest_grade:
            return f"Grade {listing.grade} is below our {self.lowest_grade}."
        if listing.purpose not in self.purposes:
            return f"{formats.purpose(listing.purpose)} is not a purpose we lend for."
        if listing.term_months > self.longest_term_months:
            return f"{listing.term_months} months is longer than our {self.longest_term_months}."
        if listing.amount_cents > self.largest_listing_cents:
            asked, most = wording.dollars(listing.amount_cents), wording.dollars(self.largest_listing_cents)
            return f"{asked} is a larger loan than our {most}."
        return None

    def target_rate(self, listing: ListingFacts, market: Market) -> Decimal:
        """Name the rate this bot opens with: base + risk + margin, and a little luck."""
        risk = pricing.risk_rate(
            listing.credit_score, listing.debt_to_income, listing.purpose, listing.term_months
        )
        luck = pricing.luck_of(market.seed, self.name, listing.listing_id)
        return pricing.asking_rate(risk=risk, margin_rate=self.margin_rate, luck=luck)

    def _choose(self, listing: ListingFacts, market: Market, purse: "Purse") -> ProposedBid:
        """Decide on one listing: is it ours, do we lead already, how much, at what rate."""
        listing_id = listing.listing_id
        own = market.own_bids.get(listing_id)
        if own is not None and own.leading_cents:
            whole = own.leading_cents == own.amount_cents
            return ProposedBid(listing_id, f"Our bid leads {'in full' if whole else 'in part'}.")
        against = self.objection(listing, market)
        if against is not None:
            return ProposedBid(listing_id, against)
        book = market.books[listing_id]
        amount_cents, against = purse.amount_for(listing, book, own)
        if against is not None:
            return ProposedBid(listing_id, against)
        rate, against = self._rate(listing, market, own, amount_cents)
        if rate is None:
            return ProposedBid(listing_id, against)
        left = pricing.expected_return(rate, listing.expected_loss_rate, listing.term_months)
        shown, gain = wording.rate(rate), f"{wording.percent(left)} a year after losses and fees"
        if own is not None:
            reason = f"Outbid, we go down to {shown} and still expect {gain}."
        else:
            reason = f"At {shown} we expect {gain}."
        return ProposedBid(listing_id, reason, amount_cents, rate)

    def _rate(
        self, listing: ListingFacts, market: Market, own: OwnBid | None, amount_cents: int
    ) -> tuple[Decimal | None, str]:
        """Find a rate at which the bid leads in full, or say why there is none."""
        lowest = max(
            listing.floor_rate,
            pricing.lowest_rate(listing.expected_loss_rate, listing.term_months, self.minimum_return_rate),
        )
        if lowest > listing.highest_rate:
            pays = wording.rate(listing.highest_rate)
            return None, f"The borrower pays at most {pays}, and we need {wording.rate(lowest)}."
        highest = listing.highest_rate if own is None else min(listing.highest_rate, own.rate - RATE_TICK)
        if highest < lowest:
            return None, f"We are outbid, and {wording.rate(lowest)} is the lowest we go."
        target = min(max(self.target_rate(listing, market), lowest), highest)
        book = market.books[listing.listing_id]
        others_cents = book.offered_cents - (own.amount_cents if own else 0)
        if others_cents + amount_cents <= listing.amount_cents:
            return target, ""
        rate = rate_to_lead_in_full(
            asked_cents=listing.amount_cents,
            bids=[bid for bid in book.bids if own is None or bid.bid_id != own.bid_id],
            amount_cents=amount_cents,
            is_bot=True,
            minimum_rate=lowest,
            maximum_rate=target,
        )
        if rate is None:
            return None, f"To lead here takes less than {wording.rate(lowest)}, the lowest we go."
        if rate < target:
            rate = max(lowest, rate - self.step_rate + RATE_TICK)
        return rate, ""


class Purse:
    """What a bot may still spend in this round: its cash, and its caps on a loan, a borrower and a grade."""

    def __init__(self, bot: Bot, market: Market) -> None:
        self._bot = bot
        self._market = market
        self._cash_cents = market.cash_cents
        self._by_borrower = dict(market.borrower_exposure_cents)
        self._by_grade = dict(market.grade_exposure_cents)
        self._loan_cap_cents = portion_cents(market.capital_cents, bot.loan_share)
        self._borrower_cap_cents = portion_cents(market.capital_cents, bot.borrower_share)
        self._grade_cap_cents = portion_cents(market.capital_cents, bot.grade_share)

    def amount_for(self, listing: ListingFacts, book: BookView, own: OwnBid | None) -> tuple[int, str | None]:
        """Give the amount to bid, in steps of $25, or say which limit stands in the way."""
        own_cents = own.amount_cents if own else 0
        room_cents = room_for_bot_cents(
            asked_cents=listing.amount_cents,
            kept_cents=listing.kept_cents,
            offered_cents=book.offered_cents,
            bots_offered_cents=book.bots_offered_cents,
            own_cents=own_cents,
        )
        borrower_cents = self._borrower_cap_cents - self._by_borrower.get(listing.borrower_id, 0) + own_cents
        grade_cents = self._grade_cap_cents - self._by_grade.get(listing.grade, 0) + own_cents
        wanted_cents = max(portion_cents(listing.amount_cents, self._bot.bid_share), SMALLEST_BID_CENTS)
        amount_cents = min(
            wanted_cents, self._loan_cap_cents, borrower_cents, grade_cents, room_cents, self._cash_cents
        )
        amount_cents = amount_cents // SMALLEST_BID_CENTS * SMALLEST_BID_CENTS
        if amount_cents >= SMALLEST_BID_CENTS:
            return amount_cents, None
        if self._cash_cents < SMALLEST_BID_CENTS:
            return 0, "Our capital is out."
        if room_cents < SMALLEST_BID_CENTS:
            return 0, "What is left of this listing is for people in its first hour."
        if grade_cents < SMALLEST_BID_CENTS:
            most = wording.percent(self._bot.grade_share)
            return 0, f"Grade {listing.grade} has the {most} of our capital that we allow one grade."
        if borrower_cents < SMALLEST_BID_CENTS:
            return 0, "This borrower has all that we lend to one borrower."
        return 0, "Our cap for one loan is under the smallest bid."

    def take(self, choice: ProposedBid, listing: ListingFacts) -> None:
        """Count a bid as spent."""
        if choice.rate is None:
            return
        own = self._market.own_bids.get(listing.listing_id)
        added_cents = choice.amount_cents - (own.amount_cents if own else 0)
        self._cash_cents -= choice.amount_cents
        self._by_borrower[listing.borrower_id] = self._by_borrower.get(listing.borrower_id, 0) + added_cents
        self._by_grade[listing.grade] = self._by_grade.get(listing.grade, 0) + added_cents
