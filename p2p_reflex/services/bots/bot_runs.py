"""Owns what the bots do: shows them the market, lets each decide, places their bids in one batch.

The only door between the house and `bots/`.
"""

from bisect import insort
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from types import MappingProxyType
from typing import Any

from sqlmodel import Session, select

from bots import parameters, registry
from bots.base import BookView, ListingFacts, Market, OwnBid, ProposedBid
from bots.base import Bot as Strategy
from bots.parameters import ParameterValue
from p2p_reflex.domain.bot_limits import kept_for_people_cents
from p2p_reflex.domain.money import portion_cents
from p2p_reflex.domain.order_book import OpenBid, rank_key
from p2p_reflex.models import Bot, Verdict
from p2p_reflex.services.bidding import book
from p2p_reflex.services.bidding.book import BookChange
from p2p_reflex.services.bidding.book_rows import LiveBid, NewBid
from p2p_reflex.services.bots import bot_enrolling, bot_events, bot_rows
from p2p_reflex.services.bots.bot_checks import Pot, Seat, refusal
from p2p_reflex.services.bots.bot_enrolling import Newcomer
from p2p_reflex.services.bots.bot_outcomes import RoundOutcome, StoppedBot, concluded, forget, is_news
from p2p_reflex.services.bots.bot_rows import DecisionRow, Exposure, OpenListing, RunningBot
from p2p_reflex.services.bots.bot_turns import GRACE_SECONDS, SlowBotError, Turn
from p2p_reflex.services.days import business_date, leases
from p2p_reflex.services.days.business_day import Run
from p2p_reflex.services.touched import BOTS, listing_topic, touch
from p2p_reflex.settings import settings

__all__ = [
    "ParameterValue",
    "RoundOutcome",
    "StoppedBot",
    "enroll_bots",
    "look",
    "look_around",
    "parameters_of",
    "read_parameters",
    "run_round",
    "sweep",
    "waiting_bots",
    "way_of",
]

LEASE = "bots"
LEASE_SECONDS = 90
SWEEP_LISTINGS = 250
MOST_STRAY_PROPOSALS = 20
LATEST = 2**62


def enroll_bots(
    session: Session, *, business_on: date, now: datetime, actor_id: int | None = None
) -> tuple[int, ...]:
    """Make every bot of the registry a lender with its capital in the wallet; return the ids of new ones.

    A bot that is enrolled already keeps what it has, so this may run at every start.
    """
    found = registry.load().bots
    newcomers = [Newcomer(key, strategy.name, strategy.capital_cents) for key, strategy in found.items()]
    return bot_enrolling.enroll(
        session, newcomers=newcomers, actor_id=actor_id, business_on=business_on, now=now
    )


def waiting_bots(session: Session) -> dict[str, int]:
    """Name the bots of the registry that are not enrolled, with the capital in cents that each brings."""
    known = set(session.exec(select(Bot.key)).all())
    found = registry.load().bots
    return {strategy.name: strategy.capital_cents for key, strategy in found.items() if key not in known}


def run_round(
    session: Session,
    *,
    listing_ids: Sequence[int] | None,
    business_on: date,
    now: datetime,
    seed: int,
    settled: Mapping[int, Turn] | None = None,
) -> RoundOutcome:
    """Let every running bot decide about some open listings (none: all), and place what passes the rules.

    The bots take turns, each sees the bids of those before it; each bids at most once per listing. One that
    breaks or takes too long is stopped with its reason, and nothing of it counts. Rounds follow one another:
    the bots' rows are locked first, then the listings, then the wallets. `settled` are turns, by bot, that
    were taken before; with it the round does not wait for a slow bot, but raises SlowBotError.
    """
    session.flush()
    running = bot_rows.lock_running(session)
    if not running:
        return RoundOutcome()
    locked = bot_rows.lock_open(session, listing_ids=listing_ids, business_on=business_on)
    if not locked:
        return RoundOutcome()
    listings, standing = bot_rows.market_of(session, listing_ids=locked)
    table = _Table.laid(listings, standing, now=now)
    _let_choose(session, table, running, settled, business_on=business_on, seed=seed)
    bot_events.stop_broken(session, table.stopped, business_on=business_on, now=now)
    changes = [BookChange(table.listings[each], tuple(new)) for each, new in table.arriving.items()]
    repriced = book.reprice_many(
        session, changes=changes, standing=standing, business_on=business_on, now=now
    )
    forget(session, [each.listing_id for each in repriced])
    decisions = concluded(table.decisions, repriced, lenders=table.lenders)
    said = bot_rows.latest_words(session, listing_ids=locked)
    news = [row for row in decisions if is_news(row, said)]
    bot_rows.write_decisions(session, news, business_on=business_on, now=now)
    if news:
        touch(
            session, BOTS, *map(listing_topic, {row.listing_id for row in news if row.listing_id is not None})
        )
    counts = Counter(row.verdict for row in decisions)
    return RoundOutcome(
        books=repriced,
        bid_count=counts[Verdict.BID],
        pass_count=counts[Verdict.PASS],
        refused_count=counts[Verdict.REFUSED],
        stopped=tuple(table.stopped),
    )


def _let_choose(
    session: Session,
    table: "_Table",
    running: Sequence[RunningBot],
    settled: Mapping[int, Turn] | None,
    *,
    business_on: date,
    seed: int,
) -> None:
    """Let the bots take their turns, in the order of the registry. Raises SlowBotError."""
    found = registry.load()
    turns = {key: place for place, key in enumerate(found.bots)}
    exposures = bot_rows.exposures(session, lender_ids=[bot.lender_id for bot in running])
    for bot in sorted(running, key=lambda each: (turns.get(each.key, len(turns)), each.bot_id)):
        exposure = exposures[bot.lender_id]
        turn = settled.get(bot.bot_id) if settled else None
        if turn is None:
            turn = table.begin_turn(bot, found, exposure, business_on=business_on, seed=seed)
            if settled is None:
                turn.settle()
            elif not turn.is_settled(within_seconds=GRACE_SECONDS):
                raise SlowBotError(bot.bot_id, turn)
        table.take(bot, turn, found, exposure)


def look(
    run: Run, *, listing_ids: Sequence[int] | None, business_on: date, now: datetime, seed: int
) -> RoundOutcome:
    """Hold a round in a transaction of its own, and none while a bot takes its time.

    What a slow bot says was meant for the market as it stood a moment ago; the rules see to the rest.
    """
    settled: dict[int, Turn] = {}
    while True:
        try:
            return run(
                run_round,
                listing_ids=listing_ids,
                business_on=business_on,
                now=now,
                seed=seed,
                settled=settled,
            )
        except SlowBotError as slow:
            slow.turn.settle()
            settled[slow.bot_id] = slow.turn


def look_around(run: Run, *, now: datetime, seed: int) -> tuple[RoundOutcome, ...]:
    """Let the bots look at the whole market, some listings at a time so that nobody waits long for a lock."""
    business_on = run(business_date.today)
    ids = run(bot_rows.open_ids, business_on=business_on)
    parts = [ids[start : start + SWEEP_LISTINGS] for start in range(0, len(ids), SWEEP_LISTINGS)]
    return tuple(look(run, listing_ids=part, business_on=business_on, now=now, seed=seed) for part in parts)


def sweep(run: Run, *, holder: str, now: datetime, seed: int) -> tuple[RoundOutcome, ...]:
    """Let the bots look around; of several runners the one that holds the lease acts."""
    if not run(leases.acquire, name=LEASE, holder=holder, now=now, seconds=LEASE_SECONDS):
        return ()
    return look_around(run, now=now, seed=seed)


def parameters_of(*, key: str, stored: Mapping[str, Any]) -> tuple[ParameterValue, ...]:
    """List how a bot is set; nothing where its file is missing or broken."""
    strategy = registry.load().bots.get(key)
    return () if strategy is None else parameters.described(strategy, stored=stored)


def read_parameters(typed: Mapping[str, str]) -> dict[str, str]:
    """Read parameters as an admin typed them, ready to be stored. Raises FieldError."""
    return parameters.read(typed)


def way_of(*, key: str) -> str:
    """Say in a few words how a bot lends, or why it cannot."""
    found = registry.load()
    return found.bots[key].way if key in found.bots else _missing(found, key)


@dataclass(slots=True)
class _Table:
    """One round while it goes on: the books as they fill, what was decided, and who broke."""

    listings: dict[int, OpenListing]
    standing: Mapping[int, list[LiveBid]]
    facts: tuple[ListingFacts, ...]
    pots: dict[int, Pot]
    views: dict[int, BookView]
    lenders: dict[int, int] = field(default_factory=dict)
    arriving: dict[int, list[NewBid]] = field(default_factory=dict)
    decisions: list[DecisionRow] = field(default_factory=list)
    stopped: list[StoppedBot] = field(default_factory=list)

    @classmethod
    def laid(
        cls, listings: Sequence[OpenListing], standing: Mapping[int, list[LiveBid]], *, now: datetime
    ) -> "_Table":
        """Lay out the market as it stands."""
        share, minutes = settings().bot_room_share, settings().bot_room_minutes
        table = cls({listing.id: listing for listing in listings}, standing, facts=(), pots={}, views={})
        facts = []
        for listing in listings:
            bids = standing.get(listing.id, ())
            minutes_open = int((now - listing.published_at).total_seconds() // 60)
            kept_cents = kept_for_people_cents(
                asked_cents=listing.amount_cents,
                minutes_open=minutes_open,
                room_share=share,
                room_minutes=minutes,
            )
            offered_cents = sum(bid.amount_cents for bid in bids)
            pot = Pot(kept_cents, offered_cents, sum(bid.amount_cents for bid in bids if bid.is_bot))
            table.pots[listing.id] = pot
            table.views[listing.id] = _view(listing, bids, pot)
            facts.append(_facts(listing, kept_cents, minutes_open))
        table.facts = tuple(facts)
        return table

    def begin_turn(
        self, bot: RunningBot, found: registry.Registry, exposure: Exposure, *, business_on: date, seed: int
    ) -> Turn:
        """Let one bot begin to choose from the market as it stands now."""
        market = self._market(bot, exposure, business_on=business_on, seed=seed)
        most = len(self.facts) + MOST_STRAY_PROPOSALS
        return Turn(lambda: list(islice(_strategy(bot, found).choose_bids(market), most)))

    def take(self, bot: RunningBot, turn: Turn, found: registry.Registry, exposure: Exposure) -> None:
        """Hold what a bot proposes against the rules, or note what is wrong with it."""
        self.lenders[bot.bot_id] = bot.lender_id
        if turn.fault:
            reason = bot_rows.sentence(turn.fault)
            self.stopped.append(StoppedBot(bot.bot_id, bot.name, reason))
            self.decisions.append(DecisionRow(bot.bot_id, None, Verdict.ERROR, reason))
            return
        seat = _seat(bot, _strategy(bot, found), exposure)
        own = self._own(bot)
        seen: set[int] = set()
        for proposal in turn.proposals:
            self._judge(bot, seat, own, seen, proposal)

    def _own(self, bot: RunningBot) -> dict[int, LiveBid]:
        """Find the bot's own bids by listing."""
        bids = (bid for book in self.standing.values() for bid in book)
        return {bid.listing_id: bid for bid in bids if bid.lender_id == bot.lender_id}

    def _market(self, bot: RunningBot, exposure: Exposure, *, business_on: date, seed: int) -> Market:
        return Market(
            business_on=business_on,
            seed=seed,
            capital_cents=bot.capital_cents,
            cash_cents=bot.cash_cents,
            listings=self.facts,
            books=MappingProxyType(self.views),
            own_bids={
                listing_id: OwnBid(bid.bid_id, bid.amount_cents, bid.leading_cents, bid.rate)
                for listing_id, bid in self._own(bot).items()
            },
            borrower_exposure_cents=MappingProxyType(exposure.by_borrower),
            grade_exposure_cents=MappingProxyType(exposure.by_grade),
        )

    def _judge(
        self, bot: RunningBot, seat: Seat, own: Mapping[int, LiveBid], seen: set[int], proposal: ProposedBid
    ) -> None:
        """Note a pass, let a bid into the book, or refuse it with the reason."""
        if not isinstance(proposal, ProposedBid):
            self._refuse(bot, None, "It proposed something that is not a bid.")
            return
        place = proposal.listing_id
        listing = self.listings.get(place) if type(place) is int else None
        if listing is None:
            if not proposal.is_pass:
                self._refuse(bot, None, f"Bidding on listing {bot_rows.sentence(place)} has ended.")
            return
        if listing.id in seen:
            self._refuse(bot, listing.id, "A bot bids once on a listing in each round.")
            return
        seen.add(listing.id)
        mine = own.get(listing.id)
        if proposal.is_pass:
            if mine is None or not mine.leading_cents:  # a bid that leads stands; that is no new decision
                reason = bot_rows.sentence(proposal.reason)
                self.decisions.append(DecisionRow(bot.bot_id, listing.id, Verdict.PASS, reason))
            return
        amount_cents, rate = proposal.amount_cents, proposal.rate
        no = refusal(
            listing,
            seat=seat,
            pot=self.pots[listing.id],
            standing=mine,
            amount_cents=amount_cents,
            rate=rate,
        )
        if no is not None or rate is None:
            self._refuse(bot, listing.id, no or "")
            return
        seat.take(listing, amount_cents=amount_cents, standing=mine)
        self._let_in(bot, listing, mine, NewBid(bot.lender_id, True, amount_cents, rate))
        reason = bot_rows.sentence(proposal.reason)
        self.decisions.append(DecisionRow(bot.bot_id, listing.id, Verdict.BID, reason, amount_cents, rate))

    def _refuse(self, bot: RunningBot, listing_id: int | None, reason: str) -> None:
        self.decisions.append(DecisionRow(bot.bot_id, listing_id, Verdict.REFUSED, reason))

    def _let_in(self, bot: RunningBot, listing: OpenListing, mine: LiveBid | None, new: NewBid) -> None:
        """Put a bid where the bots after this one see it."""
        arriving = self.arriving.setdefault(listing.id, [])
        arriving.append(new)
        shown = OpenBid(
            -len(arriving), bot.lender_id, new.amount_cents, new.rate, True, LATEST + len(arriving)
        )
        view, pot = self.views[listing.id], self.pots[listing.id]
        bids = [bid for bid in view.bids if bid.bid_id != mine.bid_id] if mine else list(view.bids)
        insort(bids, shown, key=rank_key)
        grown_cents = new.amount_cents - (mine.amount_cents if mine else 0)
        pot.offered_cents += grown_cents
        pot.bots_offered_cents += grown_cents
        self.views[listing.id] = BookView(
            tuple(bids), pot.offered_cents, pot.bots_offered_cents, view.average_rate
        )


def _facts(listing: OpenListing, kept_cents: int, minutes_open: int) -> ListingFacts:
    return ListingFacts(
        listing_id=listing.id,
        borrower_id=listing.borrower_id,
        grade=listing.grade,
        credit_score=listing.credit_score,
        debt_to_income=listing.debt_to_income,
        purpose=listing.purpose,
        term_months=listing.term_months,
        amount_cents=listing.amount_cents,
        floor_rate=listing.floor_rate,
        highest_rate=listing.highest_rate,
        expected_loss_rate=listing.expected_loss_rate,
        minutes_open=minutes_open,
        kept_cents=kept_cents,
    )


def _view(listing: OpenListing, bids: Sequence[LiveBid], pot: Pot) -> BookView:
    ranked = sorted((bid.open_bid for bid in bids), key=rank_key)
    return BookView(tuple(ranked), pot.offered_cents, pot.bots_offered_cents, listing.average_rate)


def _strategy(bot: RunningBot, found: registry.Registry) -> Strategy:
    """Give a bot's strategy as the admins set it. Raises LookupError, ValueError."""
    if bot.key not in found.bots:
        raise LookupError(_missing(found, bot.key))
    return parameters.configured(found.bots[bot.key], stored=bot.parameters, capital_cents=bot.capital_cents)


def _seat(bot: RunningBot, strategy: Strategy, exposure: Exposure) -> Seat:
    return Seat(
        lender_id=bot.lender_id,
        cash_cents=bot.cash_cents,
        loan_cap_cents=portion_cents(bot.capital_cents, strategy.loan_share),
        borrower_cap_cents=portion_cents(bot.capital_cents, strategy.borrower_share),
        grade_cap_cents=portion_cents(bot.capital_cents, strategy.grade_share),
        by_borrower=dict(exposure.by_borrower),
        by_grade=dict(exposure.by_grade),
    )


def _missing(found: registry.Registry, key: str) -> str:
    """Say what is wrong with a bot that the registry does not have."""
    return found.broken.get(key, f"There is no strategy called {key}.")
