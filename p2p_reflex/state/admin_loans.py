"""Owns the admin's screen of all loans: what to act on first, then the list with its filters."""

from datetime import date

import reflex as rx

from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import DelinquencyBucket, LoanState
from p2p_reflex.services.admin import loan_desk
from p2p_reflex.services.admin.loan_desk import LoanQuery, LoanSort
from p2p_reflex.services.days import business_date
from p2p_reflex.services.desk import approval_requests
from p2p_reflex.services.touched import BOOKS, DAY, REQUESTS
from p2p_reflex.state.base import ScreenState, loads, requires
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.loan_desk_lines import (
    BUCKET_WORDS,
    STATE_WORDS,
    ActLine,
    LoanLine,
    write_act_line,
    write_loan_line,
    write_pending_line,
)

FEW_TO_ACT_ON = 6
LIVE_GAP_SECONDS = 2.0
DOWN_FIRST = {LoanSort.RATE, LoanSort.PRINCIPAL, LoanSort.OWED, LoanSort.MADE, LoanSort.LATE}
STATES = [(state.value, words) for state, words in STATE_WORDS.items()]
BUCKETS = [(bucket.value, words) for bucket, words in BUCKET_WORDS.items()]


class AdminLoansState(ScreenState, rx.State):
    """Show an admin every loan, and first those that need somebody."""

    acts: list[ActLine] = []
    act_count: int = 0
    has_all_acts: bool = False

    lines: list[LoanLine] = []
    search: str = ""
    state_choice: str = ""
    bucket_choice: str = ""
    sort: str = LoanSort.LATE.value
    is_descending: bool = True
    range_words: str = ""
    total_words: str = ""
    has_previous: bool = False
    has_next: bool = False

    _page: int = 1

    @rx.event
    @loads("admin")
    async def load(self) -> None:
        """Show what to act on and the list, those longest late first; a tab that is back stays as it was."""
        if (await self.get_state(FrameState))._has_just_come:
            self.search, self.state_choice, self.bucket_choice, self._page = "", "", "", 1
            self.sort, self.is_descending, self.has_all_acts = LoanSort.LATE.value, True, False
        self._watch(BOOKS, DAY, REQUESTS, gap=LIVE_GAP_SECONDS)
        await self._fill()

    @rx.event
    @requires("admin")
    async def show_all_acts(self) -> None:
        """Show every loan that needs somebody."""
        self.has_all_acts = True
        await self._fill()

    @rx.event
    @requires("admin")
    async def search_for(self, text: str) -> None:
        """Look for words in titles and borrowers' names."""
        self.search, self._page = text[: loan_desk.LONGEST_SEARCH], 1
        await self._fill()

    @rx.event
    @requires("admin")
    async def choose_state(self, state: str) -> None:
        """Show loans of one state, or of all."""
        self.state_choice, self._page = (state if state in set(LoanState) else ""), 1
        await self._fill()

    @rx.event
    @requires("admin")
    async def choose_bucket(self, bucket: str) -> None:
        """Show running loans that are so late, or all."""
        self.bucket_choice, self._page = (bucket if bucket in set(DelinquencyBucket) else ""), 1
        await self._fill()

    @rx.event
    @requires("admin")
    async def sort_by(self, key: str) -> None:
        """Sort by a column; pressed again, the other way round."""
        if key in set(LoanSort):
            again = key == self.sort
            self.is_descending = not self.is_descending if again else LoanSort(key) in DOWN_FIRST
            self.sort, self._page = key, 1
        await self._fill()

    @rx.event
    @requires("admin")
    async def turn_page(self, step: int) -> None:
        """Go on by a page, or back."""
        self._page = max(1, self._page + (1 if step > 0 else -1))
        await self._fill()

    async def _on_push(self, topics: frozenset[str]) -> None:
        await self._fill()

    async def _fill(self) -> None:
        person = await self.who()
        today = await self.ask(business_date.today)
        acts = await self.ask(loan_desk.loans_to_act_on, admin_id=person.member_id, business_on=today)
        waiting = await self.ask(approval_requests.pending, admin_id=person.member_id, business_on=today)
        lines = [write_pending_line(each) for each in waiting]
        lines += [write_act_line(each, business_on=today) for each in acts]
        self.acts = lines if self.has_all_acts else lines[:FEW_TO_ACT_ON]
        self.act_count = len(lines)
        await self._fill_list(person.member_id, today)

    async def _fill_list(self, admin_id: int, today: date) -> None:
        query = LoanQuery(
            search=self.search,
            state=LoanState(self.state_choice) if self.state_choice else None,
            bucket=DelinquencyBucket(self.bucket_choice) if self.bucket_choice else None,
            sort=LoanSort(self.sort),
            is_descending=self.is_descending,
            page=self._page,
        )
        found = await self.ask(loan_desk.page_of, admin_id=admin_id, query=query, business_on=today)
        self._page = found.page
        self.lines = [write_loan_line(row, business_on=today) for row in found.rows]
        last = found.first_number + len(found.rows) - 1
        self.range_words = f"{found.first_number:,} to {last:,} of {formats.count(found.row_count, 'loan')}"
        self.total_words = (
            f"{formats.count(found.row_count, 'loan')}, {formats.money(found.outstanding_cents)} owed"
        )
        self.has_previous, self.has_next = found.page > 1, found.page < found.page_count
