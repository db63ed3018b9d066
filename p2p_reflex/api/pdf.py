"""Owns how a document looks as a PDF: the market's paper, its type, facts, and tables over many pages."""

import functools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

FONTS = Path(__file__).parent / "fonts"
TEXT, MUTED, HAIRLINE, LINE, ACCENT = (
    (33, 32, 28),
    (99, 99, 94),
    (226, 225, 222),
    (207, 206, 202),
    (15, 106, 79),
)
MARGIN_MM = 16
LINE_MM = 4.4
UNREADABLE = "?"
TURNING = frozenset("\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


@dataclass(frozen=True)
class PaperColumn:
    """One column of a table: its head, its width, and on which side it stands."""

    head: str
    width_mm: float
    is_right: bool = False


@dataclass(frozen=True)
class PaperRow:
    """One row of a table; the first text cell may explain itself in a smaller second paragraph."""

    cells: Sequence[str]
    explained: str = ""
    is_total: bool = False


class Paper(FPDF):
    """One document on the market's paper; every page says what it is and counts itself."""

    def __init__(self, *, market: str, title: str, made_on: date) -> None:
        super().__init__(format="A4")
        self.market, self.heading = readable(market), readable(title)
        self.made_on = made_on
        for style, stem in (("", "Inter-Regular"), ("B", "Inter-SemiBold")):
            self.add_font("Inter", style, FONTS / f"{stem}.ttf")
        self.set_title(self.heading)
        self.set_author(self.market)
        self.set_lang("en")
        # The file is the same for the same day and the same figures.
        self.set_creation_date(datetime.combine(made_on, time(), tzinfo=UTC))
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.c_margin = 0
        self.set_auto_page_break(auto=False)
        self.add_page()

    @property
    def bottom_mm(self) -> float:
        """Give how far down a page may be written."""
        return float(self.h) - MARGIN_MM - 8

    def header(self) -> None:
        """Write the market's name on every page."""
        self._write_as("B", 9, ACCENT)
        self.cell(0, 5, self.market)
        self.set_y(MARGIN_MM + 12)

    def footer(self) -> None:
        """Write what it is, and the page, on every page."""
        self.set_y(-MARGIN_MM)
        self._write_as("", 7.5, MUTED)
        self.cell(0, 4, f"{self.heading}, {_written(self.made_on)}, page {self.page_no()} of {{nb}}")

    def write_title(self, title: str, purpose: str) -> None:
        """Write the title and one line of what it is."""
        self._write_as("B", 18, TEXT)
        self._paragraph(0, title, 8)
        self.ln(1)
        self._write_as("", 9, MUTED)
        self._paragraph(0, purpose, 4.8)
        self.ln(5)

    def write_facts(self, facts: Sequence[tuple[str, str]], *, columns: int = 3) -> None:
        """Write labelled facts side by side, in rows ruled off."""
        width = float(self.epw) / columns
        for start in range(0, len(facts), columns):
            top = self.get_y()
            self._rule(top)
            bottom = top
            for place, (label, figure) in enumerate(facts[start : start + columns]):
                self.set_xy(MARGIN_MM + place * width, top + 2)
                self._write_as("", 7.5, MUTED)
                self.cell(width, 4, readable(label), new_x=XPos.LEFT, new_y=YPos.NEXT)
                self._write_as("B", 10, TEXT)
                self._paragraph(width - 3, figure, 5)
                bottom = max(bottom, self.get_y())
            self.set_y(bottom + 2)
        self._rule(self.get_y())
        self.ln(6)

    def write_heading(self, words: str) -> None:
        """Write the heading of a part, never alone at the foot of a page."""
        if self.get_y() + 30 > self.bottom_mm:
            self.add_page()
        self._write_as("B", 11, TEXT)
        self._paragraph(0, words, 6)
        self.ln(1)

    def write_note(self, text: str) -> None:
        """Write a small paragraph."""
        self._write_as("", 8, MUTED)
        if self.get_y() + self._height_of(float(self.epw), text, LINE_MM) > self.bottom_mm:
            self.add_page()
            self._write_as("", 8, MUTED)
        self._paragraph(0, text, LINE_MM)
        self.ln(4)

    def write_table(self, columns: Sequence[PaperColumn], rows: Sequence[PaperRow]) -> None:
        """Write a table; its head stands on every page, and no row is torn apart."""
        self._table_head(columns)
        for row in rows:
            height = self._row_height(columns, row)
            if self.get_y() + height > self.bottom_mm:
                self.add_page()
                self._table_head(columns)
            self._table_row(columns, row, height)
        self.ln(6)

    def as_bytes(self) -> bytes:
        """Give the finished file."""
        return bytes(self.output())

    def _table_head(self, columns: Sequence[PaperColumn]) -> None:
        self._write_as("", 7.5, MUTED)
        top = self.get_y()
        x = float(MARGIN_MM)
        for column in columns:
            self.set_xy(x, top)
            self.cell(column.width_mm, 5, column.head, align=Align.R if column.is_right else Align.L)
            x += column.width_mm
        self.set_y(top + 6)
        self._rule(self.get_y(), LINE)

    def _row_height(self, columns: Sequence[PaperColumn], row: PaperRow) -> float:
        """Work out how high a row is: only its words may run over several lines."""
        place = self._explained_place(columns)
        width = columns[place].width_mm - 2
        self._cell_type(row, is_first_words=True)
        height = self._height_of(width, row.cells[place], LINE_MM)
        if row.explained:
            self._write_as("", 7.5, MUTED)
            height += self._height_of(width, row.explained, 3.9)
        return height + 3

    def _table_row(self, columns: Sequence[PaperColumn], row: PaperRow, height: float) -> None:
        top = self.get_y()
        x = float(MARGIN_MM)
        explained_in = self._explained_place(columns)
        for place, (column, cell) in enumerate(zip(columns, row.cells, strict=True)):
            self._cell_type(row, is_first_words=place == explained_in)
            self.set_xy(x, top + 1.5)
            if place != explained_in:
                side = Align.R if column.is_right else Align.L
                self.cell(column.width_mm, LINE_MM, readable(cell), align=side)
            elif cell:
                self._paragraph(column.width_mm - 2, cell, LINE_MM)
            if place == explained_in and row.explained:
                self.set_x(x)
                self._write_as("", 7.5, MUTED)
                self._paragraph(column.width_mm - 2, row.explained, 3.9)
            x += column.width_mm
        self.set_y(top + height)
        self._rule(self.get_y(), HAIRLINE)

    @staticmethod
    def _explained_place(columns: Sequence[PaperColumn]) -> int:
        """Give the widest column, which carries the words."""
        return max(range(len(columns)), key=lambda place: columns[place].width_mm)

    def _cell_type(self, row: PaperRow, *, is_first_words: bool) -> None:
        self._write_as("B" if row.is_total or is_first_words else "", 8.5, TEXT)

    def _write_as(self, style: str, size: float, color: tuple[int, int, int]) -> None:
        self.set_font("Inter", style, size)
        self.set_text_color(*color)

    def _paragraph(self, width: float, text: str, line_mm: float) -> None:
        self.multi_cell(
            width, line_mm, readable(text), align=Align.L, new_x=XPos.LEFT, new_y=YPos.NEXT, padding=0
        )

    def _height_of(self, width: float, text: str, line_mm: float) -> float:
        lines = self.multi_cell(width, line_mm, readable(text), align=Align.L, dry_run=True, output="LINES")
        return max(1, len(lines)) * line_mm

    def _rule(self, y: float, color: tuple[int, int, int] = HAIRLINE) -> None:
        self.set_draw_color(*color)
        self.set_line_width(0.2)
        self.line(MARGIN_MM, y, self.w - MARGIN_MM, y)


def readable(text: str) -> str:
    """Keep what the typeface can show; of a letter it lacks the plain one, else a question mark.

    Signs that would turn the direction of the text, and control signs, are dropped.
    """
    known = _known_letters()
    return "".join(_shown(sign, known) for sign in text)


def _shown(sign: str, known: frozenset[int]) -> str:
    if sign in "\n\t\r\x0b\x0c":
        return " "
    if sign in TURNING or unicodedata.category(sign) in ("Cc", "Cs", "Cf"):
        return ""
    if ord(sign) in known:
        return sign
    plain = unicodedata.normalize("NFKD", sign)
    kept = "".join(each for each in plain if ord(each) in known and not unicodedata.combining(each))
    return kept or ("" if unicodedata.combining(sign) else UNREADABLE)


@functools.cache
def _known_letters() -> frozenset[int]:
    """Read which letters the typeface has."""
    probe = FPDF()
    probe.add_font("Inter", "", FONTS / "Inter-Regular.ttf")
    return frozenset(probe.fonts["inter"].cmap)


def _written(on: date) -> str:
    return f"{on.day} {on:%b} {on.year}"
