"""Owns the figures of an order book: its depth, and how the average rate came down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import accumulate
from typing import Any

import plotly.graph_objects as go

from p2p_reflex.charts.layout import (
    DASH,
    EMPTY_FIGURE,
    MOST_ROWS,
    dollars,
    figure,
    last_point,
    thinned,
    words_at,
)
from p2p_reflex.charts.palette import Palette, Theme, palette
from p2p_reflex.domain.formats import CURRENCY_SYMBOL, long_date, rate, whole_money


@dataclass(frozen=True)
class DepthStep:
    """One bid: its rate, its amount and how much of it leads."""

    rate: Decimal
    amount_cents: int
    leading_cents: int


@dataclass(frozen=True)
class RatePoint:
    """What the average rate became at a moment."""

    at: datetime
    average_rate: Decimal


def depth_chart(
    bids: Sequence[DepthStep],
    *,
    asked_cents: int,
    marked_rate: Decimal | None = None,
    marked_as: str = "you",
    theme: Theme = "light",
) -> go.Figure:
    """Draw what is offered at or under each rate, the asked amount as the line it has to reach."""
    if not bids:
        return EMPTY_FIGURE
    colours = palette(theme)
    book = sorted(bids, key=lambda bid: bid.rate)
    lowest, highest = _percent(book[0].rate), _percent(book[-1].rate)
    pad = max((highest - lowest) * 0.08, 0.1)
    total = sum(bid.amount_cents for bid in book)
    covered = sum(bid.leading_cents for bid in book)
    traces = _depth_lines(thinned(book, 220), lowest - pad, highest + pad, colours)
    notes = [_asked_words(asked_cents, colours)]
    if marked_rate is not None:
        reached = sum(bid.amount_cents for bid in book if bid.rate <= marked_rate)
        height = dollars(min(reached, asked_cents) if marked_rate <= _marginal(book) else reached)
        traces.append(last_point(_percent(marked_rate), height, colours))
        where = (_percent(marked_rate), height)
        words = f"{marked_as}, {rate(marked_rate)}"
        is_under = height <= dollars(asked_cents)
        notes.append(_mark_words(words, where, lowest, highest, colours, is_under=is_under))
    return figure(
        traces,
        colours,
        label=f"{whole_money(total)} offered by {len(book)} bids, {whole_money(covered)} of the "
        f"{whole_money(asked_cents)} asked for covered, from {rate(book[0].rate)} to {rate(book[-1].rate)}.",
        head=("Rate", "Amount", "Leading"),
        rows=[
            (rate(bid.rate), whole_money(bid.amount_cents), whole_money(bid.leading_cents)) for bid in book
        ],
        annotations=notes,
        shapes=[_asked_line(asked_cents, colours)],
        hovermode="closest",
        xaxis={
            "range": [lowest - pad, highest + pad],
            "tickformat": ".1f" if highest - lowest >= 0.5 else ".2f",
            "ticksuffix": " %",
            "nticks": 6,
        },
        yaxis=_thirds_axis(asked_cents, total),
    )


def _asked_words(asked_cents: int, colours: Palette) -> dict[str, Any]:
    """Say on the line what was asked for."""
    words = f"<b>{whole_money(asked_cents)} asked for</b>"
    return words_at(
        0, dollars(asked_cents), words, color=colours.accent_text, xref="paper", xshift=4, yshift=2
    )


def _asked_line(asked_cents: int, colours: Palette) -> dict[str, Any]:
    """Draw the line that the bids have to reach."""
    height = dollars(asked_cents)
    stroke = {"color": colours.accent, "width": 1.5, "dash": DASH}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": height, "y1": height, "line": stroke}


def _depth_lines(book: Sequence[DepthStep], start: float, end: float, colours: Palette) -> list[go.Scatter]:
    """Draw the leading bids up to the line, and the outbid ones beyond it in grey."""
    leading = [bid for bid in book if bid.leading_cents]
    heights = list(accumulate(bid.leading_cents for bid in leading))
    front_x = [start, *(_percent(bid.rate) for bid in leading)]
    front_y = [0, *heights]
    beyond = [(bid.rate, bid.amount_cents - bid.leading_cents) for bid in book]
    beyond = [(each, cents) for each, cents in beyond if cents]
    lines = []
    if beyond:
        reached = heights[-1] if heights else 0
        over = [reached + cents for cents in accumulate(cents for _, cents in beyond)]
        first = front_x[-1] if leading else _percent(beyond[0][0])
        lines.append(
            _step_line(
                [first, *(_percent(each) for each, _ in beyond), end],
                [reached, *over, over[-1]],
                "Outbid",
                colours.ghost,
                colours.sunken,
            )
        )
    else:
        front_x.append(end)
        front_y.append(front_y[-1])
    lines.append(_step_line(front_x, front_y, "Leading", colours.accent, colours.accent_4))
    return lines


def _step_line(x: list[float], cents: list[int], name: str, color: str, fill: str) -> go.Scatter:
    return go.Scatter(
        x=x,
        y=[dollars(amount) for amount in cents],
        name=name,
        mode="lines",
        line={"shape": "hv", "color": color, "width": 2},
        fill="tozeroy",
        fillcolor=fill,
        customdata=[whole_money(amount) for amount in cents],
        hovertemplate=f"{name}: %{{customdata}} at or under %{{x:.2f}} %<extra></extra>",
    )


def _mark_words(
    words: str,
    where: tuple[float, float],
    lowest: float,
    highest: float,
    colours: Palette,
    *,
    is_under: bool,
) -> dict[str, Any]:
    """Write beside a point: to its right, or near the edge to its left and over the steps that lead up."""
    is_left = highest > lowest and where[0] > lowest + (highest - lowest) * 0.7
    is_over = is_left and is_under
    return words_at(
        *where,
        words,
        color=colours.text,
        xanchor="right" if is_left else "left",
        xshift=-8 if is_left else 8,
        yanchor="bottom" if is_over else "top",
        yshift=4 if is_over else -4,
    )


def _marginal(book: Sequence[DepthStep]) -> Decimal:
    return max((bid.rate for bid in book if bid.leading_cents), default=Decimal(-1))


def _percent(value: Decimal) -> float:
    return float(round(value * 100, 4))


def _thirds_axis(asked_cents: int, total_cents: int) -> dict[str, Any]:
    """Put ticks at thirds of the asked amount, so that the line stands on one."""
    third = asked_cents / 300
    top = max(asked_cents * 1.15, total_cents * 1.05) / 100
    if asked_cents < total_cents and top < 4 * third:
        top = 4 * third
    step = third if top <= 4.5 * third else 3 * third * -(-top // (12 * third))
    values = [round(step * index, 2) for index in range(int(top // step) + 1)]
    return {"tickvals": values, "ticktext": [_thousands(value) for value in values], "range": [0, top]}


def _thousands(amount: float) -> str:
    """Write a third of an amount short enough for the axis: $1.2k."""
    return f"{CURRENCY_SYMBOL}{round(amount / 1_000, 1):,g}{'k' if amount else ''}"


def average_rate_chart(points: Sequence[RatePoint], *, theme: Theme = "light") -> go.Figure:
    """Draw how the average of the leading bids moved, in steps."""
    kept = thinned(points)
    if not kept:
        return EMPTY_FIGURE
    colours = palette(theme)
    values = [_percent(point.average_rate) for point in kept]
    times = [point.at.isoformat(timespec="seconds") for point in kept]
    room = max((max(values) - min(values)) * 0.15, 0.05)
    line = go.Scatter(
        x=times,
        y=values,
        name="Average rate",
        mode="lines",
        line={"shape": "hv", "color": colours.accent, "width": 2},
        hovertemplate="Average rate %{y:.2f} %<extra></extra>",
    )
    return figure(
        [line, last_point(times[-1], values[-1], colours)],
        colours,
        label=f"The average rate went from {rate(kept[0].average_rate)} on {long_date(kept[0].at.date())} "
        f"to {rate(kept[-1].average_rate)}.",
        head=("When", "Average rate"),
        rows=[
            (f"{long_date(point.at.date())}, {point.at:%H:%M}", rate(point.average_rate))
            for point in thinned(kept, MOST_ROWS)
        ],
        margin={"l": 52, "r": 12, "t": 8, "b": 24},
        xaxis={
            "type": "date",
            "tickformat": _moment_format(kept[0].at, kept[-1].at),
            "nticks": 4,
            "hoverformat": "%-d %b, %H:%M",
        },
        yaxis={
            "rangemode": "normal",
            "zeroline": False,
            "range": [min(values) - room, max(values) + room],
            "tickformat": ".1f",
            "ticksuffix": " %",
            "nticks": 4,
        },
    )


def _moment_format(first_at: datetime, last_at: datetime) -> str:
    """Write moments so that two ticks beside each other differ."""
    if first_at.date() != last_at.date():
        return "%-d %b"
    return "%H:%M" if (last_at - first_at).total_seconds() >= 300 else "%H:%M:%S"
