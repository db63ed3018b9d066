"""Owns the portfolio screen: a lender's figures, charts, and the tables of notes and bids."""

from operator import itemgetter

import plotly.graph_objects as go
import reflex as rx

from p2p_reflex.charts import EMPTY_FIGURE, CashMonth, ValuePoint, cash_flow_chart, value_chart
from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import Grade
from p2p_reflex.services.days import business_date
from p2p_reflex.services.loans import interest_summaries, notes, portfolio
from p2p_reflex.services.loans.notes import NoteSort, NoteTab
from p2p_reflex.services.loans.portfolio import PortfolioHome
from p2p_reflex.services.touched import DAY, member_topic
from p2p_reflex.state.base import ScreenState, loads, requires
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.portfolio_lines import (
    BidLine,
    NoteLine,
    PortfolioShown,
    write_bid,
    write_note,
    write_portfolio,
    write_summaries,
)

BIDS_TAB = "bids"
LONGEST_SEARCH = 80
LIVE_GAP_SECONDS = 1.0
LIVE_FIGURES = itemgetter("amount", "rate", "state")
DOWN_FIRST = {NoteSort.RATE, NoteSort.BOUGHT, NoteSort.OWED}


class PortfolioState(ScreenState, rx.State):
    """Show a lender what their money is doing."""

    shown: PortfolioShown = PortfolioShown()
    value: go.Figure = EMPTY_FIGURE
    cash_flow: go.Figure = EMPTY_FIGURE
    has_flow: bool = False
    is_new: bool = True
    summaries: list[list[str]] = []

    tab: str = NoteTab.NOTES.value
    note_count: str = ""
    bid_count: str = ""
    late_count: str = ""
    paid_off_count: str = ""
    lines: list[NoteLine] = []
    bids: list[BidLine] = []
    sort: str = NoteSort.OWED.value
    is_descending: bool = True
    grade: str = ""
    search: str = ""
    range_words: str = ""
    has_previous: bool = False
    has_next: bool = False

    _page: int = 1

    @rx.event
    @loads("lender")
    async def load(self) -> None:
        """Show the whole portfolio, its notes from the largest on; a tab that is back stays as it was."""
        if (await self.get_state(FrameState))._has_just_come:
            self.tab, self.sort, self.is_descending = NoteTab.NOTES.value, NoteSort.OWED.value, True
            self.grade, self.search, self._page = "", "", 1
        person = await self.who()
        self._watch(member_topic(person.member_id), DAY, gap=LIVE_GAP_SECONDS)
        await self._fill()

    @rx.event
    @requires("lender")
    async def choose_tab(self, tab: str) -> None:
        """Show running notes, active bids, late notes, or those that are paid off."""
        if tab == BIDS_TAB or tab in set(NoteTab):
            self.tab, self._page = tab, 1
        await self._fill_table()

    @rx.event
    @requires("lender")
    async def sort_by(self, key: str) -> None:
        """Sort by a column; pressed again, the other way round."""
        if key in set(NoteSort):
            again = key == self.sort
            self.is_descending = not self.is_descending if again else NoteSort(key) in DOWN_FIRST
            self.sort, self._page = key, 1
        await self._fill_table()

    @rx.event
    @requires("lender")
    async def choose_grade(self, grade: str) -> None:
        """Show notes of one grade, or of all."""
        self.grade, self._page = (grade if grade in set(Grade) else ""), 1
        await self._fill_table()

    @rx.event
    @requires("lender")
    async def search_for(self, text: str) -> None:
        """Look for words in the titles of loans."""
        self.search, self._page = text[:LONGEST_SEARCH], 1
        await self._fill_table()

    @rx.event
    @requires("lender")
    async def turn_page(self, step: int) -> None:
        """Go on by a page, or back."""
        self._page = max(1, self._page + (1 if step > 0 else -1))
        await self._fill_table()

    async def _on_push(self, topics: frozenset[str]) -> None:
        shown = self.get_value("bids")
        await self._fill()
        self.bids = self._light(self.get_value("bids"), shown, key=itemgetter("href"), figures=LIVE_FIGURES)

    async def _fill(self) -> None:
        person = await self.who()
        today = await self.ask(business_date.today)
        home = await self.ask(portfolio.home, lender_id=person.member_id, business_on=today)
        self._show(home)
        years = await self.ask(interest_summaries.years, lender_id=person.member_id)
        self.summaries = write_summaries(years)
        await self._fill_table()

    def _show(self, home: PortfolioHome) -> None:
        self.shown = write_portfolio(home)
        self.value = value_chart(
            [
                ValuePoint(point.on, point.value_cents, point.notes_cents, point.put_in_cents)
                for point in home.value
            ]
        )
        flow = [
            CashMonth(month.month, month.principal_cents, month.interest_cents, month.is_expected)
            for month in home.cash_flow
        ]
        self.has_flow = any(month.principal_cents + month.interest_cents for month in flow)
        self.cash_flow = cash_flow_chart(flow) if self.has_flow else EMPTY_FIGURE
        self.is_new = home.put_in_cents == 0 and home.value_cents == 0 and not home.value[:-1]
        tabs = home.tabs
        self.note_count, self.bid_count = f"{tabs.notes:,}", f"{tabs.bids:,}"
        self.late_count, self.paid_off_count = f"{tabs.late:,}", f"{tabs.paid_off:,}"

    async def _fill_table(self) -> None:
        """Read the rows of the tab that is open."""
        person = await self.who()
        today = await self.ask(business_date.today)
        if self.tab == BIDS_TAB:
            found = await self.ask(notes.active_bids, lender_id=person.member_id)
            self.bids = [write_bid(bid, today) for bid in found]
            return
        page = await self.ask(
            notes.page_of,
            lender_id=person.member_id,
            business_on=today,
            tab=NoteTab(self.tab),
            sort=NoteSort(self.sort),
            is_descending=self.is_descending,
            grade=Grade(self.grade) if self.grade else None,
            search=self.search,
            page=self._page,
        )
        self._page = page.page
        self.lines = [write_note(row) for row in page.rows]
        last = page.first_number + len(page.rows) - 1
        total = formats.count(page.row_count, "note")
        self.range_words = f"{page.first_number:,} to {last:,} of {total}"
        self.has_previous, self.has_next = page.page > 1, page.page < page.page_count
