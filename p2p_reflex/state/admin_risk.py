"""Owns the admin's screen of risk: how late the book is, what rolls on, how far the reserve fund reaches."""

from dataclasses import dataclass
from decimal import Decimal

import plotly.graph_objects as go
import reflex as rx

from p2p_reflex.charts import EMPTY_FIGURE, FundDay, LateShare, fund_chart, late_share_chart
from p2p_reflex.domain import formats
from p2p_reflex.services.admin import risk, roll_rates
from p2p_reflex.services.admin.risk import FundYear, Risk
from p2p_reflex.services.days import business_date
from p2p_reflex.services.touched import BOOKS, DAY
from p2p_reflex.state.base import ScreenState, loads
from p2p_reflex.state.risk_lines import RollLine, StageLine, share_of, write_rolls, write_stages

LIVE_GAP_SECONDS = 2.0
NO_LOSSES = "no losses expected"


@dataclass(frozen=True)
class FundShown:
    """The reserve fund as the screen shows it."""

    balance: str = ""
    held: str = ""
    coverage: str = ""
    coverage_note: str = ""
    coverage_with_income: str = ""
    income_note: str = ""
    contributed: str = ""
    bought: str = ""
    returned: str = ""


@dataclass(frozen=True)
class RiskShown:
    """The figures of the screen."""

    owed: str = ""
    late: str = ""
    late_note: str = ""
    late_30: str = ""
    late_30_note: str = ""
    charged_off: str = ""
    charged_off_note: str = ""


class AdminRiskState(ScreenState, rx.State):
    """Show an admin the risk in the book."""

    shown: RiskShown = RiskShown()
    fund: FundShown = FundShown()
    stages: list[StageLine] = []
    rolls: list[RollLine] = []
    late_history: go.Figure = EMPTY_FIGURE
    fund_history: go.Figure = EMPTY_FIGURE
    has_late_history: bool = False
    has_fund_history: bool = False

    @rx.event
    @loads("admin")
    async def load(self) -> None:
        """Show the risk on the business date."""
        self._watch(BOOKS, DAY, gap=LIVE_GAP_SECONDS)
        await self._fill()

    async def _on_push(self, topics: frozenset[str]) -> None:
        await self._fill()

    async def _fill(self) -> None:
        person = await self.who()
        today = await self.ask(business_date.today)
        found = await self.ask(risk.risk, admin_id=person.member_id, business_on=today)
        months = await self.ask(roll_rates.roll_rates, admin_id=person.member_id, business_on=today)
        self.shown, self.fund = _figures(found), _fund(found.fund)
        self.stages = write_stages(found)
        self.rolls = write_rolls(months, business_on=today)
        self.late_history = late_share_chart(
            [
                LateShare(each.on, float(each.late_share), float(each.late_30_share))
                for each in found.late_history
            ]
        )
        self.has_late_history = len(found.late_history) > 1
        history = found.fund.days
        self.fund_history = fund_chart(
            [
                FundDay(each.on, each.figures.balance_cents, each.figures.expected_loss_cents)
                for each in history
            ]
        )
        self.has_fund_history = len(history) > 1


def _figures(found: Risk) -> RiskShown:
    _, *late, charged_off = found.stages
    whole_cents, late_cents = found.running_cents, sum(each.outstanding_cents for each in late)
    return RiskShown(
        owed=formats.money(whole_cents),
        late=share_of(late_cents, whole_cents),
        late_note=f"{formats.money(late_cents)} in {_loans(sum(each.loan_count for each in late))}",
        late_30=share_of(found.late_30_cents, whole_cents),
        late_30_note=f"{formats.money(found.late_30_cents)}, defaults included",
        charged_off=formats.money(charged_off.outstanding_cents),
        charged_off_note=f"still owed on {_loans(charged_off.loan_count)}",
    )


def _fund(fund: FundYear) -> FundShown:
    now = fund.now
    return FundShown(
        balance=formats.money(now.balance_cents),
        held=formats.money(now.held_cents),
        coverage=_ratio(now.ratio),
        coverage_note=f"{formats.money(now.expected_loss_cents)} expected to be lost",
        coverage_with_income=_ratio(now.ratio_with_income),
        income_note=f"{formats.money(now.future_income_cents)} still to come in",
        contributed=formats.money(fund.contributed_cents),
        bought=formats.money(-fund.bought_cents),
        returned=formats.money(fund.returned_cents),
    )


def _ratio(ratio: Decimal | None) -> str:
    return NO_LOSSES if ratio is None else f"{ratio:.2f}"


def _loans(count: int) -> str:
    return formats.count(count, "loan")
