"""Owns the figures of the whole market: volume by grade, bids a day, amounts by grade, a sparkline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import plotly.graph_objects as go

from p2p_reflex.charts.layout import (
    EMPTY_FIGURE,
    dollars,
    figure,
    hover,
    last_point,
    money_axis,
    month_words,
    spread_ticks,
    thinned,
)
from p2p_reflex.charts.palette import Theme, palette
from p2p_reflex.domain.formats import count, money, short_date, whole_money
from p2p_reflex.domain.vocabulary import Grade


@dataclass(frozen=True)
class MonthVolume:
    """What was lent in one month, in cents by grade."""

    month: date
    cents_by_grade: Mapping[Grade, int]


@dataclass(frozen=True)
class BidCount:
    """How many bids people and bots placed on one day."""

    on: date
    people_count: int
    bot_count: int


@dataclass(frozen=True)
class GradeAmount:
    """What stands in one grade."""

    grade: Grade
    amount_cents: int


def volume_chart(months: Sequence[MonthVolume], *, theme: Theme = "light") -> go.Figure:
    """Draw what was lent each month, A at the bottom."""
    if not months:
        return EMPTY_FIGURE
    colours = palette(theme)
    labels = [month_words(each.month) for each in months]
    grades = [grade for grade in Grade if any(each.cents_by_grade.get(grade) for each in months)]
    amounts = {grade: [each.cents_by_grade.get(grade, 0) for each in months] for grade in grades}
    traces = [
        go.Bar(
            x=labels,
            y=[dollars(cents) for cents in amounts[grade]],
            name=grade.value,
            marker={"color": colours.grade(grade)},
            hovertemplate=hover(grade.value, "$,.0f"),
        )
        for grade in grades
    ]
    totals = [sum(each.cents_by_grade.values()) for each in months]
    return figure(
        traces,
        colours,
        label=f"{whole_money(sum(totals))} lent from {labels[0]} to {labels[-1]}, "
        f"{whole_money(totals[-1])} of it in the last month.",
        head=("Month", *(grade.value for grade in grades), "Together"),
        rows=[
            (
                label,
                *(whole_money(each.cents_by_grade.get(grade, 0)) for grade in grades),
                whole_money(sum(each.cents_by_grade.values())),
            )
            for label, each in zip(labels, months, strict=True)
        ],
        xaxis=spread_ticks(labels, words=[f"{each.month:%b}" for each in months], most=6),
        yaxis=money_axis(max(totals)),
    )


def bids_chart(days: Sequence[BidCount], *, theme: Theme = "light") -> go.Figure:
    """Draw the bids of each day, those of bots below those of people."""
    if not days:
        return EMPTY_FIGURE
    colours = palette(theme)
    labels = [short_date(day.on) for day in days]
    parts = (
        ("Bots", colours.accent_6, [day.bot_count for day in days]),
        ("People", colours.accent, [day.people_count for day in days]),
    )
    people, bots = sum(day.people_count for day in days), sum(day.bot_count for day in days)
    most = max(day.people_count + day.bot_count for day in days)
    step = max(1, -(-most // 4))
    return figure(
        [
            go.Bar(
                x=labels,
                y=counts,
                name=name,
                marker={"color": color},
                hovertemplate=hover(name, ",d"),
            )
            for name, color, counts in parts
        ],
        colours,
        label=f"{count(people + bots, 'bid')} from {labels[0]} to {labels[-1]}, "
        f"{people:,} by people and {bots:,} by bots.",
        head=("Day", "People", "Bots"),
        rows=[
            (label, str(day.people_count), str(day.bot_count))
            for label, day in zip(labels, days, strict=True)
        ],
        margin={"l": 28, "r": 12, "t": 8, "b": 24},
        xaxis=spread_ticks(labels, words=labels, most=5),
        yaxis={"tick0": 0, "dtick": step, "range": [0, max(most, 1) * 1.05]},
    )


def grade_bars(amounts: Sequence[GradeAmount], *, theme: Theme = "light") -> go.Figure:
    """Draw amounts by grade as lying bars, A at the top."""
    if not amounts:
        return EMPTY_FIGURE
    colours = palette(theme)
    ranked = sorted(amounts, key=lambda each: each.grade)
    letters = [each.grade.value for each in ranked]
    total = sum(each.amount_cents for each in ranked)
    bars = go.Bar(
        x=[dollars(each.amount_cents) for each in ranked],
        y=letters,
        orientation="h",
        marker={"color": [colours.grade(letter) for letter in letters]},
        hovertemplate="%{y}: %{x:$,.2f}<extra></extra>",
    )
    return figure(
        [bars],
        colours,
        label=f"{money(total)} over {count(len(ranked), 'grade')}, from {letters[0]} to {letters[-1]}.",
        head=("Grade", "Amount"),
        rows=[(each.grade.value, money(each.amount_cents)) for each in ranked],
        hovermode="closest",
        margin={"l": 28, "r": 12, "t": 8, "b": 24},
        xaxis=money_axis(max(each.amount_cents for each in ranked)) | {"ticklabeloverflow": "allow"},
        yaxis={
            "type": "category",
            "autorange": "reversed",
            "rangemode": "normal",
            "showgrid": False,
            "zeroline": False,
            "nticks": 0,
        },
    )


def sparkline(values: Sequence[float], *, label: str, theme: Theme = "light") -> go.Figure:
    """Draw a bare line of at least two values, without axes."""
    kept = thinned(values, 120)
    if len(kept) < 2:
        return EMPTY_FIGURE
    colours = palette(theme)
    line = go.Scatter(
        y=kept, mode="lines", line={"color": colours.accent, "width": 2}, hoverinfo="skip", cliponaxis=False
    )
    return figure(
        [line, last_point(len(kept) - 1, kept[-1], colours)],
        colours,
        label=label,
        head=(),
        rows=(),
        margin={"l": 2, "r": 6, "t": 6, "b": 6},
        hovermode=False,
        xaxis={"visible": False},
        yaxis={"visible": False, "rangemode": "normal"},
    )
