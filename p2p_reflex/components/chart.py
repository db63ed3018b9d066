"""Owns how a figure is shown: in the colours of the theme, with its sentence and its table."""

from typing import Any

import plotly.graph_objects as go
import reflex as rx
from reflex.style import resolved_color_mode
from reflex_components_plotly.plotly import PlotlyBasic

from p2p_reflex.charts.palette import dark_for_light
from p2p_reflex.components.theme import Words

CONFIG = {"displayModeBar": False, "responsive": True}
_DARK = ", ".join(f'"{light}": "{dark}"' for light, dark in dark_for_light().items())
_SCRIPT = (
    f"const chartDark = {{ {_DARK} }};"
    """
const chartInTheme = (figure, theme) => {
  const { data, layout } = figure ?? {};
  const copy = JSON.stringify({ data: data ?? [], layout: layout ?? {} });
  const swap = (color) => chartDark[color] ?? color;
  return JSON.parse(theme === "dark" ? copy.replace(/#[0-9a-f]{6}/g, swap) : copy);
};
"""
)


class ThemedPlot(PlotlyBasic):
    """A plot drawn once in the light colours and recoloured in the browser when the theme is dark."""

    color_mode: rx.Var[str]

    def add_custom_code(self) -> list[str]:
        """Add the swap of colours to what every plot brings."""
        return [*super().add_custom_code(), _SCRIPT]

    def _exclude_props(self) -> set[str]:
        return {*super()._exclude_props(), "color_mode"}

    def _render(self) -> Any:
        spread = f"chartInTheme({self.data.to(dict)!s}, {self.color_mode!s})"
        return super()._render().set(special_props=[rx.Var(spread)])


def chart(
    figure: rx.Var | go.Figure, *, height: int = 196, label: Words | None = None, has_table: bool = True
) -> rx.Component:
    """Show a figure of `p2p_reflex.charts`: heights 104, 172, 196 or 276.

    The figure brings its sentence (`label` says it otherwise) and the rows of "Show as a table".
    """
    figure = rx.Var.create(figure)
    meta = figure.to(dict)["layout"].to(dict)["meta"].to(dict)
    written = meta["label"].to(str)
    sentence = label if label is not None else rx.cond(written != "", written, "Nothing to draw yet.")
    plot = ThemedPlot.create(
        data=figure.to(go.Figure),
        color_mode=resolved_color_mode,
        template=None,
        config=CONFIG,
        style={"height": f"{height}px", "width": "100%"},
    )
    return rx.el.div(
        rx.el.div(
            plot,
            role="img",
            class_name="chart-plot",
            custom_attrs={"aria-label": sentence, "style": {"height": f"{height}px"}},
        ),
        _table(meta) if has_table else rx.fragment(),
        class_name="chart",
    )


def _table(meta: rx.vars.ObjectVar) -> rx.Component:
    head, rows = meta["head"].to(list[str]), meta["rows"].to(list[list[str]])
    return rx.cond(
        rows.length() > 0,
        rx.el.details(
            rx.el.summary(
                rx.el.span("Show as a table", class_name="when-closed"),
                rx.el.span("Hide the table", class_name="when-open"),
            ),
            rx.el.div(
                rx.el.table(
                    rx.el.thead(rx.el.tr(rx.foreach(head, lambda title: rx.el.th(title, scope="col")))),
                    rx.el.tbody(
                        rx.foreach(rows, lambda each: rx.el.tr(rx.foreach(each, lambda text: rx.el.td(text))))
                    ),
                    class_name="chart-table",
                ),
                class_name="plain-scroll",
                tab_index=0,
                role="region",
                custom_attrs={"aria-label": "Figures of the chart"},
            ),
        ),
    )
