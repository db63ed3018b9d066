"""Owns the figures of one loan: its schedule, and its balance so far and planned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import plotly.graph_objects as go

from p2p_reflex.charts.layout import (
    DASH,
    EMPTY_FIGURE,
    MOST_ROWS,
    day_axis,
    dollars,
    figure,
    hover,
    last_point,
    money_axis,
    month_words,
    spread_ticks,
    thinned,
    words_at,
)
from p2p_reflex.charts.palette import Theme, palette
from p2p_reflex.domain.formats import long_date, money


@dataclass(frozen=True)
class ScheduleBar:
    """One installment: when, and its two parts."""

    due_on: date
    principal_cents: int
    interest_cents: int


@dataclass(frozen=True)
class BalancePoint:
    """What is owed after a day."""

    on: date
    balance_cents: int


def schedule_chart(rows: Sequence[ScheduleBar], *, theme: Theme = "light") -> go.Figure:
    """Draw each installment as principal with the interest on top."""
    if not rows:
        return EMPTY_FIGURE
    colours = palette(theme)
    days = [long_date(row.due_on) for row in rows]
    parts = (
        ("Principal", colours.accent, [row.principal_cents for row in rows]),
        ("Interest", colours.accent_6, [row.interest_cents for row in rows]),
    )
    traces = [
        go.Bar(
            x=days,
            y=[dollars(cents) for cents in amounts],
            name=name,
            marker={"color": color},
            hovertemplate=hover(name),
        )
        for name, color, amounts in parts
    ]
    totals = [row.principal_cents + row.interest_cents for row in rows]
    interest = sum(row.interest_cents for row in rows)
    return figure(
        traces,
        colours,
        label=f"{len(rows)} installments from {days[0]} to {days[-1]}, {money(interest)} of them interest.",
        head=("Due", "Principal", "Interest", "Installment"),
        rows=[
            (day, money(row.principal_cents), money(row.interest_cents), money(total))
            for day, row, total in zip(days, rows, totals, strict=True)
        ],
        bargap=0.28,
        margin={"l": 48, "r": 20, "t": 8, "b": 24},
        xaxis=spread_ticks(days, words=[month_words(row.due_on) for row in rows], most=4),
        yaxis=money_axis(max(totals)),
    )


def balance_chart(
    so_far: Sequence[BalancePoint], planned: Sequence[BalancePoint], *, theme: Theme = "light"
) -> go.Figure:
    """Draw what is owed: as it went so far, and dashed as planned from there."""
    past, ahead = thinned(so_far, 120), thinned(planned, 120)
    if not past and not ahead:
        return EMPTY_FIGURE
    colours = palette(theme)
    traces = []
    notes = []
    if past:
        traces.append(_balance_line(past, "Owed", colours.accent, fill=colours.accent_4))
    if ahead:
        traces.append(_balance_line(ahead, "Planned", colours.ghost, dash=DASH))
    if past:
        now = past[-1]
        traces.append(last_point(now.on.isoformat(), dollars(now.balance_cents), colours))
        notes.append(
            words_at(
                now.on.isoformat(),
                dollars(now.balance_cents),
                f"{money(now.balance_cents)} to go" if now.balance_cents else "Paid in full",
                color=colours.text,
                xshift=8 if ahead else -8,
                xanchor="left" if ahead else "right",
                yshift=4,
            )
        )
    points = [("so far", point) for point in past] + [("planned", point) for point in ahead]
    first, last = points[0][1], points[-1][1]
    return figure(
        traces,
        colours,
        label=f"What is owed, from {money(first.balance_cents)} on {long_date(first.on)} "
        f"to {money(last.balance_cents)} on {long_date(last.on)}.",
        head=("Date", "Owed", ""),
        rows=[
            (long_date(point.on), money(point.balance_cents), kind)
            for kind, point in thinned(points, MOST_ROWS)
        ],
        annotations=notes,
        margin={"l": 48, "r": 24, "t": 24, "b": 24},
        xaxis=day_axis(first.on, last.on, ticks=6),
        yaxis=money_axis(max(point.balance_cents for _, point in points)),
    )


def _balance_line(
    points: Sequence[BalancePoint], name: str, color: str, *, dash: str = "solid", fill: str = ""
) -> go.Scatter:
    return go.Scatter(
        x=[point.on.isoformat() for point in points],
        y=[dollars(point.balance_cents) for point in points],
        name=name,
        mode="lines",
        line={"color": color, "width": 2, "dash": dash},
        fill="tozeroy" if fill else "none",
        fillcolor=fill or None,
        hovertemplate=hover(name),
    )
