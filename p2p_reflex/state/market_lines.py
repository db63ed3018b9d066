"""Owns how a listing, and the market as a whole, are written for the market screen."""

from dataclasses import dataclass

from p2p_reflex.domain import formats
from p2p_reflex.services.listings.market import MarketRow, MarketSummary

SOON_DAYS = 1


@dataclass
class MarketLine:
    """One listing in the market's table, as text; `covered` and `offered` are whole percents."""

    href: str = ""
    grade: str = ""
    title: str = ""
    purpose: str = ""
    amount: str = ""
    term: str = ""
    covered: int = 0
    offered: int = 0
    covered_words: str = ""
    beyond_words: str = ""
    rate: str = ""
    rate_note: str = ""
    expected: str = ""
    loss: str = ""
    time_left: str = ""
    time_left_words: str = ""
    closes: str = ""
    ends_soon: bool = False
    own_words: str = ""
    own_kind: str = ""
    changed: str = ""


@dataclass
class SummaryShown:
    """What stands on top of the market, as text."""

    open_count: str = ""
    asked: str = ""
    to_cover: str = ""
    to_cover_note: str = ""
    average: str = ""
    average_note: str = ""
    bid_count: str = ""
    bid_note: str = ""


def write_line(row: MarketRow) -> MarketLine:
    """Turn a listing into a line of the table."""
    time_left = formats.count(row.days_left, "day") if row.days_left > 0 else "today"
    own_words, own_kind = _own(row)
    return MarketLine(
        href=f"/listings/{row.listing_id}",
        grade=row.grade.value,
        title=row.title,
        purpose=formats.purpose(row.purpose),
        amount=formats.whole_money(row.amount_cents),
        term=formats.count(row.term_months, "month"),
        covered=int(row.covered_share * 100),
        offered=int((row.covered_share + row.over_offered_share) * 100),
        covered_words=f"{int(row.covered_share * 100)} %",
        beyond_words=_beyond(row),
        rate=formats.rate(row.rate_now),
        rate_note=_rate_note(row),
        expected=formats.rate(row.expected_return_rate),
        loss=f"loss {formats.rate(row.expected_loss_rate)}",
        time_left=time_left,
        time_left_words=f"{time_left} left" if row.days_left > 0 else "Ends today",
        closes=formats.short_date(row.closes_on),
        ends_soon=row.days_left <= SOON_DAYS,
        own_words=own_words,
        own_kind=own_kind,
    )


def write_summary(found: MarketSummary) -> SummaryShown:
    """Turn the market's figures into the strip on top."""
    bid_count = found.people_bid_count + found.bot_bid_count
    return SummaryShown(
        open_count=f"{found.open_count:,}",
        asked=f"{formats.whole_money(found.asked_cents)} asked for",
        to_cover=formats.whole_money(found.to_cover_cents),
        to_cover_note=(
            f"{formats.share(found.to_cover_cents / found.asked_cents)} of what is asked"
            if found.asked_cents
            else "nothing is asked for now"
        ),
        average=formats.rate(found.average_rate) if found.average_rate is not None else "Not known yet",
        average_note=_average_note(found),
        bid_count=f"{bid_count:,}",
        bid_note=(
            f"{found.people_bid_count:,} by people, {found.bot_bid_count:,} by bots"
            if bid_count
            else "none yet today"
        ),
    )


def _own(row: MarketRow) -> tuple[str, str]:
    """Say in a badge what the viewer has to do with a listing."""
    if row.is_own_listing:
        return "Your listing", "outline"
    place = row.own_place
    if place is None:
        return "", ""
    if place.leading_cents == 0:
        return "Your bid is outbid", "neutral"
    if place.leading_cents < place.amount_cents:
        return "Your bid leads in part", "good"
    return "Your bid leads", "good"


def _beyond(row: MarketRow) -> str:
    if row.covered_cents < row.amount_cents:
        return ""
    over = int(row.over_offered_share * 100)
    return f"{over} % over" if over else "covered"


def _rate_note(row: MarketRow) -> str:
    if row.average_rate is None:
        return "highest, no bids yet"
    return "average" if row.covered_cents >= row.amount_cents else "average so far"


def _average_note(found: MarketSummary) -> str:
    if found.average_rate is None:
        return "once a bid leads"
    change = found.rate_change
    if change is None:
        return "weighted by what leads"
    if formats.rate_points(change) == formats.rate_points(0):
        return "as a week ago"
    points = formats.rate_points(abs(change)).removeprefix("+")
    return f"{points} {'lower' if change < 0 else 'higher'} than a week ago"
