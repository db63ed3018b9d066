"""Owns the figures of a lender's home: what the money is worth, and what comes back month by month."""

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
from p2p_reflex.charts.palette import Palette, Theme, palette
from p2p_reflex.domain.formats import long_date, money


@dataclass(frozen=True)
class CashMonth:
    """What came back, or is expected to, in one month."""

    month: date
    principal_cents: int
    interest_cents: int
    is_expected: bool


@dataclass(frozen=True)
class ValuePoint:
    """What an account was worth on a day, how much of it stood in notes, and what had been put in."""

    on: date
    value_cents: int
    notes_cents: int
    put_in_cents: int


def cash_flow_chart(months: Sequence[CashMonth], *, theme: Theme = "light") -> go.Figure:
    """Draw what came back each month, and lighter what is expected."""
    if not months:
        return EMPTY_FIGURE
    colours = palette(theme)
    labels = [month_words(each.month) for each in months]
    totals = [each.principal_cents + each.interest_cents for each in months]
    received = sum(total for total, each in zip(totals, months, strict=True) if not each.is_expected)
    edge = sum(not each.is_expected for each in months) - 0.5
    has_edge = any(each.is_expected for each in months)
    top = money_axis(max(totals))
    # The running month may come twice, as received and as expected: it has one place on the axis.
    words = {label: f"{each.month:%b}" for label, each in zip(labels, months, strict=True)}
    return figure(
        _flow_bars(months, labels, colours),
        colours,
        label=f"{money(received)} came back so far, "
        f"{money(sum(totals) - received)} is expected by {labels[-1]}.",
        head=("Month", "Principal", "Interest", "Together", ""),
        rows=[
            (
                label,
                money(each.principal_cents),
                money(each.interest_cents),
                money(total),
                "expected" if each.is_expected else "received",
            )
            for label, each, total in zip(labels, months, totals, strict=True)
        ],
        shapes=[
            {
                "type": "line",
                "yref": "paper",
                "y0": 0,
                "y1": 0.96,
                "x0": edge,
                "x1": edge,
                "line": {"color": colours.muted, "width": 1, "dash": "2px,3px"},
            }
        ]
        if has_edge
        else [],
        annotations=[
            words_at(edge, 1, "expected", color=colours.muted, yref="paper", yanchor="top", xshift=4)
        ]
        if has_edge
        else [],
        xaxis=spread_ticks(list(words), words=list(words.values()), most=6)
        | {"categoryorder": "array", "categoryarray": list(words)},
        yaxis=top | {"range": [0, top["range"][1] * 1.06]},
    )


def _flow_bars(months: Sequence[CashMonth], labels: Sequence[str], colours: Palette) -> list[go.Bar]:
    """Draw principal under interest, and what is expected over what came."""
    outline = {"color": colours.accent_7, "width": 1}
    shades = {
        ("Principal", False): {"color": colours.accent},
        ("Interest", False): {"color": colours.accent_7},
        ("Principal", True): {"color": colours.accent_4, "line": outline},
        ("Interest", True): {"color": colours.accent_3, "line": outline},
    }
    bars = []
    for (name, is_expected), marker in shades.items():
        chosen = [index for index, each in enumerate(months) if each.is_expected is is_expected]
        if not chosen:
            continue
        cents = [each.principal_cents if name == "Principal" else each.interest_cents for each in months]
        bars.append(
            go.Bar(
                x=[labels[index] for index in chosen],
                y=[dollars(cents[index]) for index in chosen],
                name=name,
                marker=marker,
                hovertemplate=hover(f"{name}, expected" if is_expected else name),
            )
        )
    return bars


def value_chart(points: Sequence[ValuePoint], *, theme: Theme = "light") -> go.Figure:
    """Draw the value of an account over what stood in notes, with what had been put in as a dashed line."""
    kept = thinned(points, 120)
    if not kept:
        return EMPTY_FIGURE
    colours = palette(theme)
    days = [point.on.isoformat() for point in kept]
    lines = (
        ("Value", [p.value_cents for p in kept], {"color": colours.accent, "width": 2}, colours.sunken),
        (
            "In notes",
            [p.notes_cents for p in kept],
            {"color": colours.accent_6, "width": 1},
            colours.accent_4,
        ),
        (
            "Put in",
            [p.put_in_cents for p in kept],
            {"color": colours.ghost, "width": 1.5, "dash": DASH, "shape": "hv"},
            "",
        ),
    )
    traces = [
        go.Scatter(
            x=days,
            y=[dollars(cents) for cents in amounts],
            name=name,
            mode="lines",
            line=line,
            fill="tozeroy" if fill else "none",
            fillcolor=fill or None,
            hovertemplate=hover(name),
        )
        for name, amounts, line, fill in lines
    ]
    now = kept[-1]
    traces.append(last_point(days[-1], dollars(now.value_cents), colours))
    return figure(
        traces,
        colours,
        label=f"The account is worth {money(now.value_cents)} on {long_date(now.on)}; "
        f"{money(now.put_in_cents)} was put in.",
        head=("Date", "Value", "In notes", "Put in"),
        rows=[
            (long_date(p.on), money(p.value_cents), money(p.notes_cents), money(p.put_in_cents))
            for p in thinned(kept, MOST_ROWS)
        ],
        xaxis=day_axis(kept[0].on, kept[-1].on),
        yaxis=money_axis(max(max(p.value_cents, p.put_in_cents) for p in kept)),
    )
