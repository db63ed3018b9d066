"""Owns the figures of risk: how late the book was over time, and the reserve fund beside expected losses."""

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
    thinned,
)
from p2p_reflex.charts.palette import Theme, palette
from p2p_reflex.domain.formats import long_date, money, share


@dataclass(frozen=True)
class LateShare:
    """What part of the principal was late on a day, and what part over 30 days."""

    on: date
    late: float
    late_30: float


@dataclass(frozen=True)
class FundDay:
    """What the reserve fund had on a day, and the losses expected then."""

    on: date
    balance_cents: int
    expected_loss_cents: int


def late_share_chart(points: Sequence[LateShare], *, theme: Theme = "light") -> go.Figure:
    """Draw the late share of principal, and in it what is over 30 days late."""
    kept = thinned(points, 200)
    if not kept:
        return EMPTY_FIGURE
    colours = palette(theme)
    days = [point.on.isoformat() for point in kept]
    now = kept[-1]
    lines = (
        ("Late", [p.late for p in kept], {"color": colours.accent, "width": 2}, colours.accent_4),
        (
            "Over 30 days",
            [p.late_30 for p in kept],
            {"color": colours.accent_7, "width": 2},
            colours.accent_6,
        ),
    )
    traces = [
        go.Scatter(
            x=days,
            y=[round(part * 100, 2) for part in parts],
            name=name,
            mode="lines",
            line=line,
            fill="tozeroy",
            fillcolor=fill,
            hovertemplate=hover(name, ".1f").replace("<extra>", " %<extra>"),
        )
        for name, parts, line, fill in lines
    ]
    traces.append(last_point(days[-1], now.late * 100, colours))
    return figure(
        traces,
        colours,
        label=f"{share(now.late)} of the principal was late on {long_date(now.on)}, "
        f"{share(now.late_30)} over 30 days.",
        head=("Date", "Late", "Over 30 days"),
        rows=[(long_date(p.on), share(p.late), share(p.late_30)) for p in thinned(kept, MOST_ROWS)],
        xaxis=day_axis(kept[0].on, kept[-1].on),
        yaxis=_percent_axis(max(p.late for p in kept) * 100),
        margin={"l": 40, "r": 12, "t": 8, "b": 24},
    )


def fund_chart(points: Sequence[FundDay], *, theme: Theme = "light") -> go.Figure:
    """Draw the reserve fund, with the losses expected on running loans as a dashed line."""
    kept = thinned(points, 200)
    if not kept:
        return EMPTY_FIGURE
    colours = palette(theme)
    days = [point.on.isoformat() for point in kept]
    now = kept[-1]
    return figure(
        [
            go.Scatter(
                x=days,
                y=[dollars(p.balance_cents) for p in kept],
                name="In the fund",
                mode="lines",
                line={"color": colours.accent, "width": 2, "shape": "hv"},
                fill="tozeroy",
                fillcolor=colours.accent_4,
                hovertemplate=hover("In the fund"),
            ),
            go.Scatter(
                x=days,
                y=[dollars(p.expected_loss_cents) for p in kept],
                name="Expected losses",
                mode="lines",
                line={"color": colours.ghost, "width": 1.5, "dash": DASH},
                hovertemplate=hover("Expected losses"),
            ),
            last_point(days[-1], dollars(now.balance_cents), colours),
        ],
        colours,
        label=f"{money(now.balance_cents)} in the reserve fund on {long_date(now.on)}; losses of "
        f"{money(now.expected_loss_cents)} were expected.",
        head=("Date", "In the fund", "Expected losses"),
        rows=[
            (long_date(p.on), money(p.balance_cents), money(p.expected_loss_cents))
            for p in thinned(kept, MOST_ROWS)
        ],
        xaxis=day_axis(kept[0].on, kept[-1].on),
        yaxis=money_axis(max(max(p.balance_cents, p.expected_loss_cents) for p in kept)),
    )


def _percent_axis(most: float) -> dict[str, object]:
    """Choose at most five ticks from 0 % to above the highest share."""
    step = next((step for step in (0.5, 1, 2, 3, 5, 10, 15, 20) if most / step <= 4), 25)
    count = max(1, -int(-most // step))
    values = [step * index for index in range(count + 1)]
    return {
        "tickvals": values,
        "ticktext": [f"{value:g} %" for value in values],
        "range": [0, max(values[-1], most) * 1.02],
    }
