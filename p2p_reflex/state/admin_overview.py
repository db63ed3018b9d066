"""Owns the admin's overview screen: the market, the money with its laws, the risk, the machine."""

from dataclasses import dataclass, field
from typing import TypedDict

import plotly.graph_objects as go
import reflex as rx

from p2p_reflex.charts import EMPTY_FIGURE, BidCount, MonthVolume, bids_chart, volume_chart
from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import DelinquencyBucket
from p2p_reflex.services.admin import overview
from p2p_reflex.services.admin.overview import AdminOverview, BucketFigures
from p2p_reflex.services.days import business_date
from p2p_reflex.services.money.books import LawResult
from p2p_reflex.services.touched import BOOKS, DAY, MARKET, MEMBERS
from p2p_reflex.state.base import ScreenState, loads

LIVE_GAP_SECONDS = 3.0
BUCKETS = {
    DelinquencyBucket.CURRENT: ("1", "Current"),
    DelinquencyBucket.GRACE: ("behind", "Grace, 1 to 15"),
    DelinquencyBucket.LATE_16_30: ("soft-amber", "Late, 16 to 30"),
    DelinquencyBucket.LATE_31_120: ("amber", "Late, 31 to 120"),
    DelinquencyBucket.DEFAULT: ("red", "Default, over 120"),
}


class LawLine(TypedDict):
    """One law as the list shows it."""

    number: str
    title: str
    holds: bool
    violations: list[str]


class BucketLine(TypedDict):
    """One delinquency bucket as the list shows it."""

    series: str
    name: str
    loan_count: str
    owed: str
    share: str
    cents: int


@dataclass
class OverviewShown:
    """The figures of the overview as text."""

    open_listings: str = ""
    covered: str = ""
    bids_today: str = ""
    market_word: str = ""
    people: str = ""
    lent: str = ""
    lent_note: str = ""
    bank: str = ""
    wallets: str = ""
    held: str = ""
    reserve_fund: str = ""
    income: str = ""
    difference: str = ""
    parts: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    laws_word: str = ""
    are_all_kept: bool = True
    late_word: str = ""
    late_kind: str = "done"
    has_loans: bool = False
    version: str = ""
    engine: str = ""
    size: str = ""
    journal: str = ""


class AdminOverviewState(ScreenState, rx.State):
    """Show an admin at a glance whether the market is alive and the money right."""

    day: str = ""
    shown: OverviewShown = OverviewShown()
    laws: list[LawLine] = []
    buckets: list[BucketLine] = []
    bids: go.Figure = EMPTY_FIGURE
    lent: go.Figure = EMPTY_FIGURE
    has_bids: bool = False
    has_loans: bool = False

    @rx.event
    @loads("admin")
    async def load(self) -> None:
        """Look at everything anew, every law included."""
        self._watch(MARKET, BOOKS, DAY, MEMBERS, gap=LIVE_GAP_SECONDS)
        await self._look()

    async def _on_push(self, topics: frozenset[str]) -> None:
        await self._look()

    async def _look(self) -> None:
        person = await self.who()
        today = await self.ask(business_date.today)
        seen = await self.ask(overview.admin_overview, admin_id=person.member_id, business_on=today)
        self.day = f"{today:%A}, {formats.long_date(today)}."
        self.shown = write_overview(seen)
        self.laws = [write_law(law) for law in seen.laws]
        self.buckets = [_bucket_line(bucket) for bucket in seen.risk]
        days, months = seen.market.bids_by_day, seen.market.lent_by_month
        self.has_bids = any(day.people_count or day.bot_count for day in days)
        self.bids = bids_chart([BidCount(day.on, day.people_count, day.bot_count) for day in days])
        self.has_loans = bool(months)
        self.lent = volume_chart([MonthVolume(each.month, each.cents_by_grade) for each in months])


def write_overview(seen: AdminOverview) -> OverviewShown:
    """Write the figures of the overview."""
    market, bank, machine = seen.market, seen.bank, seen.machine
    broken = sum(not law.holds for law in seen.laws)
    kept = f"{len(seen.laws) - broken} of {len(seen.laws)} laws hold"
    late_word, late_kind = _late(seen.risk)
    return OverviewShown(
        open_listings=f"{market.open_listing_count:,}",
        covered=formats.share(market.covered_share) if market.covered_share is not None else "nothing open",
        bids_today=f"{market.bids_today_count:,}",
        market_word="Lively" if market.bids_today_count else "Quiet today",
        people=", ".join(
            (
                formats.count(market.borrower_count, "borrower"),
                formats.count(market.lender_count, "lender"),
                formats.count(market.bot_count, "bot"),
            )
        ),
        lent=formats.whole_money(market.lent_cents),
        lent_note=f"in {formats.count(market.loan_count, 'loan')}",
        bank=formats.money(bank.bank_cents),
        wallets=formats.money(bank.wallets_cents),
        held=formats.money(bank.held_cents),
        reserve_fund=formats.money(bank.reserve_fund_cents),
        income=formats.money(bank.income_cents),
        difference=formats.money(bank.difference_cents),
        parts=[bank.wallets_cents, bank.held_cents, bank.reserve_fund_cents, bank.income_cents],
        laws_word=kept,
        are_all_kept=broken == 0,
        late_word=late_word,
        late_kind=late_kind,
        has_loans=any(bucket.loan_count for bucket in seen.risk),
        version=machine.version,
        engine=machine.engine,
        size=_size(machine.size_bytes),
        journal=f"{machine.transaction_count:,} transactions, {machine.entry_count:,} entries",
    )


def _late(risk: tuple[BucketFigures, ...]) -> tuple[str, str]:
    """Say how many loans are late, and how bad that is."""
    counts = {figures.bucket: figures.loan_count for figures in risk}
    late = sum(counts.values()) - counts[DelinquencyBucket.CURRENT]
    if not late:
        return "None late", "done"
    is_bad = counts[DelinquencyBucket.LATE_31_120] or counts[DelinquencyBucket.DEFAULT]
    return f"{late} late", "late" if is_bad else "warning"


def write_law(law: LawResult) -> LawLine:
    """Write one law and what breaks it."""
    return LawLine(number=f"{law.law}.", title=law.title, holds=law.holds, violations=list(law.violations))


def _bucket_line(figures: BucketFigures) -> BucketLine:
    series, name = BUCKETS[figures.bucket]
    return BucketLine(
        series=series,
        name=name,
        loan_count=f"{figures.loan_count:,}",
        owed=formats.money(figures.outstanding_cents),
        share=formats.share(figures.share),
        cents=figures.outstanding_cents,
    )


def _size(size_bytes: int) -> str:
    """Write a size as people say it."""
    megabytes = size_bytes / 1_000_000
    return f"{megabytes / 1000:,.1f} GB" if megabytes >= 1000 else f"{megabytes:,.1f} MB"
