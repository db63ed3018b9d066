"""Owns how a listing's order book is written: its rows, its line, and its two figures."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from p2p_reflex import charts
from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import ListingState
from p2p_reflex.services.listings.listing_view import BookRow, ListingView, Place

STANDING_WORDS = {
    Place.LEADING: ("good", "Leading"),
    Place.LEADING_IN_PART: ("good", "Leads in part"),
    Place.OUTBID: ("neutral", "Outbid"),
}
WON_WORDS = {
    Place.LEADING: ("done", "Won"),
    Place.LEADING_IN_PART: ("done", "Won in part"),
    Place.OUTBID: ("neutral", "Outbid"),
}
RELEASED = ("neutral", "Released")


@dataclass
class BidLine:
    """One bid in the book, as text; `leading` and `behind` are percents of the largest bid."""

    bid_id: int = 0
    name: str = ""
    initials: str = ""
    is_bot: bool = False
    is_own: bool = False
    amount: str = ""
    of_amount: str = ""
    rate: str = ""
    since: str = ""
    kind: str = ""
    words: str = ""
    mark: str = ""
    leading: int = 0
    behind: int = 0
    message: str = ""
    offer: str = ""
    decline_label: str = ""
    changed: str = ""


def write_bids(shown: ListingView) -> tuple[list[BidLine], list[BidLine]]:
    """Write the bids before the line and those behind it."""
    largest = max((row.amount_cents for row in shown.rows), default=1)
    lines = [_line(row, largest, shown.state) for row in shown.rows]
    return lines[: shown.leading_count], lines[shown.leading_count :]


def covered_words(shown: ListingView) -> str:
    """Say where the book is full; nothing where it is not."""
    if not shown.is_covered or shown.marginal_rate is None:
        return ""
    return f"Fully covered here at {formats.rate(shown.marginal_rate)}"


def draw_depth(shown: ListingView) -> go.Figure:
    """Draw the book, the viewer's own bid marked, or else the last one that leads."""
    own = next((row for row in shown.rows if row.is_you), None)
    marked_rate, marked_as = (own.rate, "you") if own else (None, "")
    if own is None and shown.is_covered:
        marked_rate, marked_as = shown.marginal_rate, "full"
    return charts.depth_chart(
        [charts.DepthStep(row.rate, row.amount_cents, row.leading_cents) for row in shown.rows],
        asked_cents=shown.amount_cents,
        marked_rate=marked_rate,
        marked_as=marked_as,
    )


def draw_average(shown: ListingView) -> tuple[go.Figure, str]:
    """Draw how the average rate moved, and say by how much it fell; nothing where it did not."""
    points = shown.rate_history
    if len(points) < 2:
        return charts.EMPTY_FIGURE, ""
    figure = charts.average_rate_chart([charts.RatePoint(each.at, each.average_rate) for each in points])
    change = points[-1].average_rate - points[0].average_rate
    return figure, formats.rate_points(change) if change < 0 else ""


def with_messages(lines: Sequence[BidLine]) -> list[BidLine]:
    """Pick the bids that came with a message."""
    return [line for line in lines if line.message]


def _line(row: BookRow, largest_cents: int, state: ListingState) -> BidLine:
    kind, words = _place_words(row.place, state)
    in_part = row.place is Place.LEADING_IN_PART
    amount, rate = formats.whole_money(row.amount_cents), formats.rate(row.rate)
    return BidLine(
        bid_id=row.bid_id or 0,
        name="You" if row.is_you else row.name,
        initials=row.initials,
        is_bot=row.is_bot,
        is_own=row.is_you,
        amount=formats.whole_money(row.leading_cents) if in_part else amount,
        of_amount=f"of {amount}" if in_part else "",
        rate=rate,
        since=formats.short_date(row.placed_on),
        kind=kind,
        words=words,
        mark="own" if row.is_you else "outbid" if row.place is Place.OUTBID else "",
        leading=_percent(row.leading_cents, largest_cents),
        behind=_percent(row.amount_cents - row.leading_cents, largest_cents),
        message=row.message,
        offer=f"{amount} at {rate}",
        decline_label=f"Decline bid of {row.name}",
    )


def _place_words(place: Place, state: ListingState) -> tuple[str, str]:
    if state is ListingState.ACCEPTED:
        return WON_WORDS[place]
    if state in (ListingState.WITHDRAWN, ListingState.EXPIRED) and place is not Place.OUTBID:
        return RELEASED
    return STANDING_WORDS[place]


def _percent(cents: int, of_cents: int) -> int:
    return max(1, round(100 * cents / of_cents)) if cents > 0 else 0
