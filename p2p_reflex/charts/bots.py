"""Owns the figures of the bots: how often they bid, and where their capital is, one bar for each by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import plotly.graph_objects as go

from p2p_reflex.charts.layout import (
    EMPTY_FIGURE,
    dollars,
    figure,
    money_axis,
    spread_ticks,
    words_at,
)
from p2p_reflex.charts.palette import Palette, Theme, palette
from p2p_reflex.domain.formats import count, short_date, whole_money
from p2p_reflex.domain.vocabulary import Grade

BAR_SHARE = 0.32


@dataclass(frozen=True)
class BotDay:
    """How many bids each bot placed on one day, by its name; one that placed none may be left out."""

    on: date
    counts: Mapping[str, int]


@dataclass(frozen=True)
class BotGrades:
    """What one bot has lent and leads with, in cents by grade."""

    name: str
    cents_by_grade: Mapping[Grade, int]

    @property
    def total_cents(self) -> int:
        """Add up the grades."""
        return sum(self.cents_by_grade.values())


def bot_bids_chart(days: Sequence[BotDay], *, names: Sequence[str], theme: Theme = "light") -> go.Figure:
    """Draw the bids of all bots on each day; the table behind tells them apart."""
    totals = [sum(day.counts.values()) for day in days]
    if not any(totals):
        return EMPTY_FIGURE
    colours = palette(theme)
    labels = [short_date(day.on) for day in days]
    most = max(totals)
    bars = go.Bar(
        x=labels, y=totals, marker={"color": colours.accent}, hovertemplate="%{y:,d}<extra></extra>"
    )
    return figure(
        [bars],
        colours,
        label=f"{count(sum(totals), 'bid')} by bots from {labels[0]} to {labels[-1]}, "
        f"{totals[-1]:,} of them on the last day.",
        head=("Day", *names, "Together"),
        rows=[
            (label, *(f"{day.counts.get(name, 0):,}" for name in names), f"{total:,}")
            for label, day, total in zip(labels, days, totals, strict=True)
        ],
        margin={"l": 36, "r": 20, "t": 8, "b": 24},
        xaxis=spread_ticks(labels, words=labels, most=5),
        yaxis={"tick0": 0, "dtick": max(1, -(-most // 4)), "range": [0, most * 1.05]},
    )


def bot_grades_chart(bots: Sequence[BotGrades], *, theme: Theme = "light") -> go.Figure:
    """Draw what each bot has in loans and leading bids as one lying bar under its name, by grade."""
    if not any(bot.total_cents for bot in bots):
        return EMPTY_FIGURE
    colours = palette(theme)
    grades = [grade for grade in Grade if any(bot.cents_by_grade.get(grade) for bot in bots)]
    traces = [
        go.Bar(
            x=[dollars(bot.cents_by_grade.get(grade, 0)) for bot in bots],
            y=list(range(len(bots))),
            name=grade.value,
            orientation="h",
            width=BAR_SHARE,
            marker={"color": colours.grade(grade)},
            hovertemplate=f"Grade {grade.value}: %{{x:$,.0f}}<extra></extra>",
        )
        for grade in grades
    ]
    total_cents = sum(bot.total_cents for bot in bots)
    return figure(
        traces,
        colours,
        label=f"{whole_money(total_cents)} in loans and leading bids of {count(len(bots), 'bot')}, "
        f"from grade {grades[0].value} to {grades[-1].value}.",
        head=("Bot", *(grade.value for grade in grades), "Together"),
        rows=[
            (
                bot.name,
                *(whole_money(bot.cents_by_grade.get(grade, 0)) for grade in grades),
                whole_money(bot.total_cents),
            )
            for bot in bots
        ],
        hovermode="closest",
        margin={"l": 8, "r": 12, "t": 8, "b": 24},
        annotations=[mark for place, bot in enumerate(bots) for mark in _names(place, bot, colours)],
        xaxis=money_axis(max(bot.total_cents for bot in bots)) | {"showgrid": False},
        yaxis={
            "range": [len(bots) - 0.6, -0.85],
            "rangemode": "normal",
            "showgrid": False,
            "showticklabels": False,
            "zeroline": False,
        },
    )


def _names(place: int, bot: BotGrades, colours: Palette) -> list[dict[str, Any]]:
    """Write a bot's name over its bar, and what it has at the right."""
    above = place - BAR_SHARE / 2
    return [
        words_at(0, above, bot.name, color=colours.text, xshift=-2),
        words_at(1, above, whole_money(bot.total_cents), color=colours.muted, xref="paper", xanchor="right"),
    ]
