"""Owns the market screen: what somebody looks for, kept in the address, and the listings that match."""

import json
from collections.abc import Mapping
from decimal import Decimal
from operator import attrgetter
from urllib.parse import urlencode

import reflex as rx
from reflex.event import EventSpec

from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import Grade, Purpose
from p2p_reflex.live.hub import hub
from p2p_reflex.services.days import business_date
from p2p_reflex.services.listings import market
from p2p_reflex.services.listings.market import MarketPage, MarketQuery, MarketSort
from p2p_reflex.services.touched import DAY, LISTINGS, MARKET, member_topic
from p2p_reflex.state.base import ScreenState, loads_for_all, public
from p2p_reflex.state.market_lines import MarketLine, SummaryShown, write_line, write_summary

PAGE_SIZE = 10
LIVE_FIGURES = attrgetter("covered_words", "beyond_words", "rate", "own_words")
LONGEST_SEARCH = 80
PURPOSES = [(purpose.value, formats.purpose(purpose)) for purpose in Purpose]
TERMS = {"12-24": (12, 24), "25-36": (25, 36), "37-60": (37, 60)}
TERM_WORDS = [("12-24", "12 to 24 months"), ("25-36", "25 to 36 months"), ("37-60", "37 to 60 months")]
LEAST_RETURNS = {str(percent): Decimal(percent) / 100 for percent in (3, 4, 5, 6, 7, 8, 10)}
RETURN_WORDS = [(percent, f"Return {percent} % or more") for percent in LEAST_RETURNS]
ORDERS = [
    ("time_left", "Ending soonest first"),
    ("newest-down", "Newest first"),
    ("return-down", "Highest return first"),
    ("rate-down", "Highest rate first"),
    ("covered-down", "Most covered first"),
    ("amount-down", "Largest first"),
    ("grade", "Best grade first"),
]
SORTS_DOWN_FIRST = {MarketSort.AMOUNT, MarketSort.COVERED, MarketSort.RATE, MarketSort.RETURN}


class MarketState(ScreenState, rx.State):
    """Show open listings to anyone; every filter answers at once and stays in the address."""

    text: str = ""
    grades: list[str] = []
    purpose: str = ""
    term: str = ""
    least_return: str = ""
    is_uncovered_only: bool = False
    sort: str = MarketSort.TIME_LEFT.value
    is_descending: bool = False
    are_filters_open: bool = False
    filter_count: int = 0

    summary: SummaryShown = SummaryShown()
    lines: list[MarketLine] = []
    range_words: str = ""
    match_words: str = ""
    has_previous: bool = False
    has_next: bool = False
    is_market_empty: bool = False

    _page: int = 1

    @rx.event
    @loads_for_all
    async def load(self) -> None:
        """Take the filters from the address and show what matches."""
        self._read_address(self.router.url.query_parameters)
        person = await self.who_if_anyone()
        self._watch(MARKET, DAY, *([member_topic(person.member_id)] if person else []))
        await self._refresh()

    @rx.event
    @public
    async def search_for(self, text: str) -> EventSpec:
        """Look for words in titles and purposes."""
        self.text = text[:LONGEST_SEARCH]
        return await self._look()

    @rx.event
    @public
    async def toggle_grade(self, grade: str) -> EventSpec:
        """Add a grade to those that are shown, or take it away; none means all."""
        if grade in set(Grade):
            self.grades = sorted(set(self.grades) ^ {grade})
        return await self._look()

    @rx.event
    @public
    async def choose_purpose(self, purpose: str) -> EventSpec:
        """Show one purpose only, or any."""
        self.purpose = _known(purpose, set(Purpose))
        return await self._look()

    @rx.event
    @public
    async def choose_term(self, term: str) -> EventSpec:
        """Show one span of terms only, or any."""
        self.term = _known(term, TERMS)
        return await self._look()

    @rx.event
    @public
    async def choose_return(self, least: str) -> EventSpec:
        """Show only what promises at least a return, or any."""
        self.least_return = _known(least, LEAST_RETURNS)
        return await self._look()

    @rx.event
    @public
    async def turn_uncovered(self) -> EventSpec:
        """Show only what is not covered yet, or everything."""
        self.is_uncovered_only = not self.is_uncovered_only
        return await self._look()

    @rx.event
    @public
    async def clear(self) -> EventSpec:
        """Take every filter away; the order stays."""
        self._read_address({"sort": self.sort, "down": "1" if self.is_descending else ""})
        return await self._look()

    @rx.event
    @public
    async def sort_by(self, key: str) -> EventSpec:
        """Sort by a column; pressed again, the other way round."""
        if key in set(MarketSort):
            again = key == self.sort
            self.is_descending = not self.is_descending if again else MarketSort(key) in SORTS_DOWN_FIRST
            self.sort = key
        return await self._look()

    @rx.event
    @public
    async def choose_order(self, order: str) -> EventSpec:
        """Sort as chosen from a list, on phones."""
        key, _, direction = order.partition("-")
        if key in set(MarketSort):
            self.sort, self.is_descending = key, direction == "down"
        return await self._look()

    @rx.event
    @public
    async def turn_page(self, step: int) -> EventSpec:
        """Go on by a page, or back."""
        self._page = max(1, min(self._page + step, 1_000_000))
        return await self._look(page=self._page)

    @rx.event
    @public
    async def turn_filters(self) -> None:
        """Unfold the filters on a phone, or fold them away."""
        self.are_filters_open = not self.are_filters_open

    @rx.var
    def order(self) -> str:
        """Name the order as the list of orders does."""
        return f"{self.sort}-down" if self.is_descending else self.sort

    async def _look(self, page: int = 1) -> EventSpec:
        """Show what matches now, from the first page on, and note it in the address."""
        self._page = page
        await self._refresh()
        address = f"/market?{query}" if (query := urlencode(self._for_address())) else "/market"
        script = json.dumps(address).replace("<", "\\u003c")
        return rx.call_script(f"window.history.replaceState(window.history.state, '', {script})")

    async def _on_push(self, topics: frozenset[str]) -> None:
        shown = self.get_value("lines")
        await self._refresh()
        lines = self.get_value("lines")
        self.lines = self._light(lines, shown, key=attrgetter("href"), figures=LIVE_FIGURES)

    async def _refresh(self) -> None:
        """Read the page anew; nothing that a person chose or types is touched.

        Everybody who looks for the same shares one look at the database; what is one's own is added to it.
        """
        query = self._query()
        page, lines, summary = await hub.shared.get(
            ("market", query), (MARKET, DAY), lambda: self._page_for_all(query)
        )
        person = await self.who_if_anyone()
        if person is not None:
            member_id = person.member_id
            own = await hub.shared.get(
                ("own part", member_id),
                (member_topic(member_id), LISTINGS),
                lambda: self.ask(market.own_part, viewer_id=member_id),
            )
            rows = market.for_viewer(page, own).rows
            pairs = zip(page.rows, rows, lines, strict=True)
            lines = [line if row is mine else write_line(mine) for row, mine, line in pairs]
        self.summary = summary
        self._show(page, list(lines))

    async def _page_for_all(self, query: MarketQuery) -> tuple[MarketPage, list[MarketLine], SummaryShown]:
        today = await self.ask(business_date.today)
        page = await self.ask(market.page_for_all, query=query, business_on=today)
        return page, [write_line(row) for row in page.rows], write_summary(page.summary)

    def _show(self, found: MarketPage, lines: list[MarketLine]) -> None:
        self._page = found.page
        self.lines = lines
        total = formats.count(found.total_count, "listing")
        open_count = found.summary.open_count
        if self._has_filters():
            matching = f"{total} that {'matches' if found.total_count == 1 else 'match'}"
            self.range_words = f"{found.first_number:,} to {found.last_number:,} of {matching}"
            self.match_words = f"{found.total_count:,} of {formats.count(open_count, 'listing')} match"
        else:
            self.range_words = f"{found.first_number:,} to {found.last_number:,} of {total}"
            self.match_words = formats.count(open_count, "open listing")
        self.has_previous, self.has_next = found.page > 1, found.page < found.page_count
        self.is_market_empty = open_count == 0
        self.filter_count = self._folded_filter_count()

    def _query(self) -> MarketQuery:
        shortest, longest = TERMS.get(self.term, (None, None))
        return MarketQuery(
            text=self.text,
            grades=frozenset(Grade(grade) for grade in self.grades),
            purpose=Purpose(self.purpose) if self.purpose else None,
            shortest_term_months=shortest,
            longest_term_months=longest,
            minimum_return_rate=LEAST_RETURNS.get(self.least_return),
            not_covered_only=self.is_uncovered_only,
            sort=MarketSort(self.sort),
            descending=self.is_descending,
            page=self._page,
            page_size=PAGE_SIZE,
        )

    def _folded_filter_count(self) -> int:
        """Count the filters that a phone keeps folded."""
        folded = (self.grades, self.purpose, self.term, self.least_return, self.is_uncovered_only)
        return sum(1 for chosen in folded if chosen)

    def _has_filters(self) -> bool:
        return bool(self.text.strip()) or self._folded_filter_count() > 0

    def _for_address(self) -> dict[str, str]:
        """Write what differs from a fresh market, so that a reload and a shared link find it again."""
        chosen = {
            "q": self.text.strip(),
            "grades": "".join(self.grades),
            "purpose": self.purpose,
            "term": self.term,
            "return": self.least_return,
            "uncovered": "1" if self.is_uncovered_only else "",
            "sort": "" if self.order == MarketSort.TIME_LEFT else self.sort,
            "down": "1" if self.is_descending else "",
            "page": str(self._page) if self._page > 1 else "",
        }
        return {name: value for name, value in chosen.items() if value}

    def _read_address(self, said: Mapping[str, str]) -> None:
        """Take the filters from an address; what is not known there counts as not said."""
        if (text := said.get("q", "")[:LONGEST_SEARCH]) != self.text.strip():
            self.text = text
        self.grades = [grade.value for grade in Grade if grade.value in said.get("grades", "")]
        self.purpose = _known(said.get("purpose", ""), set(Purpose))
        self.term = _known(said.get("term", ""), TERMS)
        self.least_return = _known(said.get("return", ""), LEAST_RETURNS)
        self.is_uncovered_only = said.get("uncovered", "") == "1"
        self.sort = _known(said.get("sort", ""), set(MarketSort)) or MarketSort.TIME_LEFT.value
        self.is_descending = said.get("down", "") == "1"
        page = said.get("page", "")
        self._page = int(page) if page.isascii() and page.isdigit() and len(page) <= 6 else 1


def _known(value: str, known: object) -> str:
    """Keep a value that is among the known ones; anything else means no filter."""
    return str(value) if value in known else ""  # type: ignore[operator]
