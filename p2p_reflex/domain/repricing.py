"""Owns what becomes of a book when bids come and go, given what each lender can pay."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from p2p_reflex.domain.order_book import Book, Lead, OpenBid, fill

SMALLEST_BID_CENTS = 25_00


class StandingBid(NamedTuple):
    """A bid that stands in the book, and how much of it leads so far: exactly that is held for it."""

    bid: OpenBid
    leading_cents: int


@dataclass(frozen=True, slots=True)
class RefusedBid:
    """An arriving bid whose lender cannot pay what would lead, and what that lender has available."""

    bid: OpenBid
    available_cents: int


@dataclass(frozen=True, slots=True)
class Repricing:
    """The book afterwards, and what happened to single bids on the way.

    `lapsed` and `replaced` are ids of standing bids; `cut` gives the new amount of a standing bid of which
    only the part that leads was kept; `drawn_cents` is what each lender's wallet gives (or gets, below zero).
    """

    book: Book
    lapsed: tuple[int, ...]
    cut: Mapping[int, int]
    replaced: tuple[int, ...]
    refused: tuple[RefusedBid, ...]
    drawn_cents: Mapping[int, int]


def reprice_book(
    *,
    asked_cents: int,
    standing: Sequence[StandingBid],
    arriving: Sequence[OpenBid] = (),
    leaving: Collection[int] = (),
    available_cents: Mapping[int, int],
) -> Repricing:
    """Fill a book again after bids arrived or left; nobody leads with money they do not have.

    A lender has one bid in a book, so an arriving one replaces it. A bid that would lead with more than its
    lender can pay is refused if it arrives now, and lapses if it stood there outbid; of one that leads in
    part that part is binding and stays, and the rest lapses.
    Law: for every lender, what the wallet gives is at most what is available in it.
    """
    held = {stand.bid.lender_id: stand.leading_cents for stand in standing}
    staying = {stand.bid.lender_id: stand.bid for stand in standing if stand.bid.bid_id not in leaving}
    new = {bid.lender_id: bid for bid in arriving}
    if len(new) != len(arriving):
        raise ValueError("A lender has one bid in a book.")
    bids = {**staying, **new}
    lapsed: list[int] = []
    cut: dict[int, int] = {}
    refused: list[RefusedBid] = []
    while True:
        book = fill(asked_cents=asked_cents, bids=bids.values())
        short = _first_short(book, held, available_cents)
        if short is None:
            break
        bid = short.bid
        lender_id = bid.lender_id
        if new.get(lender_id) is bid:
            del new[lender_id]
            refused.append(RefusedBid(bid, available_cents.get(lender_id, 0)))
            if lender_id in staying:
                bids[lender_id] = staying[lender_id]
            else:
                del bids[lender_id]
        elif held[lender_id] >= SMALLEST_BID_CENTS:
            cut[bid.bid_id] = held[lender_id]
            bids[lender_id] = bid._replace(amount_cents=held[lender_id])
        else:
            lapsed.append(bid.bid_id)
            del bids[lender_id]
    return Repricing(
        book=book,
        lapsed=tuple(lapsed),
        cut=cut,
        replaced=tuple(staying[lender_id].bid_id for lender_id in new if lender_id in staying),
        refused=tuple(refused),
        drawn_cents=_drawn(book, held),
    )


def _first_short(book: Book, held: Mapping[int, int], available_cents: Mapping[int, int]) -> Lead | None:
    """Find the best-ranked bid that would lead with more than its lender can pay."""
    for lead in book.leads:
        if not lead.leading_cents:
            return None
        lender_id = lead.bid.lender_id
        if lead.leading_cents - held.get(lender_id, 0) > max(available_cents.get(lender_id, 0), 0):
            return lead
    return None


def _drawn(book: Book, held: Mapping[int, int]) -> dict[int, int]:
    """Give what each lender's wallet pays into the book; what is freed counts below zero."""
    drawn = {lender_id: -cents for lender_id, cents in held.items()}
    for lead in book.leads:
        drawn[lead.bid.lender_id] = drawn.get(lead.bid.lender_id, 0) + lead.leading_cents
    return {lender_id: cents for lender_id, cents in drawn.items() if cents}
