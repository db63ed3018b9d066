"""Owns what came of a round of the bots: the record of it, and which decisions are news."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from p2p_reflex.models import Listing, Verdict
from p2p_reflex.services.bidding.book import Repriced
from p2p_reflex.services.bots.bot_rows import DecisionRow


@dataclass(frozen=True, slots=True)
class StoppedBot:
    """A bot that broke in this round and is switched off, with the reason the admin sees."""

    bot_id: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class RoundOutcome:
    """What a round did: the books it changed, what was said how often, and which bots it had to stop."""

    books: tuple[Repriced, ...] = ()
    bid_count: int = 0
    pass_count: int = 0
    refused_count: int = 0
    stopped: tuple[StoppedBot, ...] = ()

    @property
    def changed_listing_ids(self) -> tuple[int, ...]:
        """Give the listings whose books changed."""
        return tuple(each.listing_id for each in self.books)


def told(error: BaseException) -> str:
    """Write down what broke, whatever the exception says of itself."""
    try:
        said = str(error)
    except Exception:
        said = ""
    return f"{type(error).__name__}: {said}" if said else f"{type(error).__name__}."


def forget(session: Session, listing_ids: Sequence[int]) -> None:
    """Let listings that the caller has at hand be read anew."""
    for listing_id in listing_ids:
        known = session.identity_map.get(session.identity_key(Listing, listing_id))
        if known is not None:
            session.expire(known)


def concluded(
    decisions: Sequence[DecisionRow], repriced: Sequence[Repriced], *, lenders: Mapping[int, int]
) -> list[DecisionRow]:
    """Give decisions with their bids, or with the word that the money was gone; `lenders` by bot."""
    placed = {(each.listing_id, move.lender_id): move.bid_id for each in repriced for move in each.placed}
    rows = []
    for row in decisions:
        if row.verdict is not Verdict.BID or row.listing_id is None:
            rows.append(row)
            continue
        bid_id = placed.get((row.listing_id, lenders[row.bot_id]))
        if bid_id is None:
            rows.append(DecisionRow(row.bot_id, row.listing_id, Verdict.REFUSED, "Its cash went elsewhere."))
        else:
            rows.append(row._replace(bid_id=bid_id))
    return rows


def is_news(row: DecisionRow, said: Mapping[tuple[int, int], tuple[Verdict, str]]) -> bool:
    """Tell a decision that differs from the bot's last word on the listing; a bid always does."""
    if row.verdict is Verdict.BID or row.listing_id is None:
        return True
    return said.get((row.bot_id, row.listing_id)) != (row.verdict, row.reason)
