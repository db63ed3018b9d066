"""Owns what all figures share: the layout, the axes' words, the table behind each picture."""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar

import plotly.graph_objects as go

from p2p_reflex.charts.palette import Palette
from p2p_reflex.domain.formats import CURRENCY_SYMBOL

Record = TypeVar("Record")

MOST_POINTS = 500
MOST_ROWS = 60
DASH = "4px,3px"
FONT = "Inter Variable, system-ui, sans-serif"


class SharedFigure(go.Figure):
    """A figure that nobody changes, so that every open tab can start with the same one."""

    def __deepcopy__(self, memo: dict[int, object]) -> "SharedFigure":
        """Stay one: a copy takes milliseconds and kilobytes, and each tab would make several."""
        return self


EMPTY_FIGURE = SharedFigure(
    layout={
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "meta": {"label": "", "head": [], "rows": []},
    }
)


def figure(
    traces: Sequence[Any],
    colours: Palette,
    *,
    label: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    **changes: Any,
) -> go.Figure:
    """Put traces into the house layout; `label`, `head` and `rows` say the same in words and in a table."""
    layout: dict[str, Any] = {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "dragmode": False,
        "margin": {"l": 48, "r": 12, "t": 8, "b": 24},
        "bargap": 0.36,
        "barmode": "stack",
        "hovermode": "x unified",
        "font": {"family": FONT, "size": 12, "color": colours.muted},
        "hoverlabel": {
            "bgcolor": colours.surface,
            "bordercolor": colours.line_strong,
            "font": {"family": FONT, "size": 12, "color": colours.text},
        },
        "meta": {"label": label, "head": list(head), "rows": [list(row) for row in rows]},
    }
    layout["xaxis"] = {
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "ticklabelstandoff": 4,
        "fixedrange": True,
        "nticks": 6,
    } | changes.pop("xaxis", {})
    layout["yaxis"] = {
        "gridcolor": colours.hairline,
        "zeroline": True,
        "zerolinecolor": colours.line_strong,
        "ticks": "",
        "ticklabelstandoff": 8,
        "fixedrange": True,
        "nticks": 5,
        "rangemode": "tozero",
    } | changes.pop("yaxis", {})
    return go.Figure(data=list(traces), layout=layout | changes)


def dollars(cents: int) -> float:
    """Turn cents into the height of a mark; for pixels only, never for sums."""
    return cents / 100


def money_axis(most_cents: int) -> dict[str, Any]:
    """Choose at most five ticks from zero to above the highest amount, written $0, $5k, $10k."""
    most = max(most_cents, 100) / 100
    magnitude = 10 ** (len(str(int(most))) - 1)
    steps = [magnitude * part for part in (0.1, 0.2, 0.25, 0.5, 1, 2, 2.5)]
    step = next(step for step in steps if most / step <= 4)
    count = -int(-most // step)
    values = [step * index for index in range(count + 1)]
    return {
        "tickvals": values,
        "ticktext": money_ticks(values),
        "range": [0, max(values[-1], most) * 1.02],
    }


def money_ticks(amounts: Sequence[float]) -> list[str]:
    """Write the ticks of one axis in one unit: $400 or $1,200, $7.5k, $1.2m; on axes only."""
    top = max(amounts, default=0)
    unit, letter = (1_000_000, "m") if top >= 1_000_000 else (1_000, "k") if top >= 5_000 else (1, "")
    return [f"{CURRENCY_SYMBOL}{round(amount / unit, 1):,g}{letter if amount else ''}" for amount in amounts]


def spread_ticks(labels: Sequence[str], *, words: Sequence[str], most: int = 5) -> dict[str, Any]:
    """Put at most a few ticks evenly over categories, the first and the last among them."""
    last = len(labels) - 1
    if last < most:
        chosen = list(range(last + 1))
    else:
        chosen = [round(index * last / (most - 1)) for index in range(most)]
    return {
        "type": "category",
        "tickvals": [labels[index] for index in chosen],
        "ticktext": [words[index] for index in chosen],
        "tickangle": 0,
    }


def day_axis(first_on: date, last_on: date, *, ticks: int = 5) -> dict[str, Any]:
    """Write days along an axis, and months where each tick has one of its own."""
    is_short = (last_on - first_on).days < 31 * ticks
    return {
        "type": "date",
        "tickformat": "%-d %b" if is_short else "%b %y",
        "nticks": ticks,
        "hoverformat": "%-d %b %Y",
    }


def month_words(on: date) -> str:
    """Write a month on an axis: Nov 26."""
    return f"{on:%b} {on:%y}"


def hover(words: str, shape: str = "$,.2f") -> str:
    """Show the exact figure after the words; amounts to the cent where nothing else is said."""
    return f"{words} %{{y:{shape}}}<extra></extra>"


def last_point(x: Any, y: float, colours: Palette) -> go.Scatter:
    """Mark where a line stands now."""
    return go.Scatter(
        x=[x],
        y=[y],
        mode="markers",
        marker={"size": 8, "color": colours.accent, "line": {"width": 2, "color": colours.surface}},
        hoverinfo="skip",
        cliponaxis=False,
    )


def words_at(x: Any, y: float, text: str, *, color: str, **changes: Any) -> dict[str, Any]:
    """Write words beside a mark."""
    return {
        "x": x,
        "y": y,
        "text": text,
        "showarrow": False,
        "font": {"size": 12, "color": color},
        "xanchor": "left",
        "yanchor": "bottom",
    } | changes


def thinned(records: Sequence[Record], most: int = MOST_POINTS) -> list[Record]:
    """Keep at most so many records, evenly, the last one always."""
    if len(records) <= most:
        return list(records)
    step = -(-len(records) // (most - 1))
    kept = list(records[::step])
    return kept if kept[-1] is records[-1] else [*kept, records[-1]]
