"""Whole lives of loans against a slow model that lives through every day again, whatever happens to them."""

import os
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from p2p_reflex.domain.errors import LendingError
from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.vocabulary import AccountKind, Role
from p2p_reflex.models import LedgerAccount, Receivable
from p2p_reflex.services.corrections import corrections
from p2p_reflex.services.hardship import hardship, help_plans
from p2p_reflex.services.loans.loan_positions import LoanPosition, position
from p2p_reflex.services.money import ledger, wallets
from p2p_reflex.services.paying import payments
from p2p_reflex.services.servicing import charge_offs, defaults, late_fees, reserve_fund
from tests.builders import NOW, a_form_key, a_loan, a_member, broken_laws
from tests.loan_deeds import compare_with_its_log
from tests.servicing_model import FUND, Happening, Model, shared

USUAL_EXAMPLES = 200
EXAMPLES = int(os.environ.get("LOAN_LIFE_EXAMPLES", USUAL_EXAMPLES))
SHRINKS = os.environ.get("LOAN_LIFE_SHRINK", "1") == "1"
PHASES = [Phase.generate, Phase.shrink] if SHRINKS else [Phase.generate]
STARTS = (date(2026, 1, 31), date(2027, 12, 1), date(2028, 2, 29))
SPLITS = (
    [(1_000_00, "0.12")],
    [(700_00, "0.0950"), (500_00, "0.1375"), (300_00, "0.2150")],
    [(2_500_00, "0.0000"), (25_00, "0.0801")],
)
small_ways = ["a cent", *("some",) * 2, "what is due", "one installment", "two and a bit"]
ways_to_pay = st.sampled_from([*small_ways * 2, "nearly all", "all", "too much"])
past_ways = st.sampled_from([*small_ways, "a cent", "a cent"])
waits = st.sampled_from([1, 5, 16, 31, 33, 62, 121, 150, 184])
places = st.integers(0, 20)


class LoanLifeMachine(RuleBasedStateMachine):
    """Pay, wait, pause, cut, reverse, date back: after every step the tables are what the model says."""

    engine: Engine

    @initialize(
        start_on=st.sampled_from(STARTS),
        split=st.sampled_from(SPLITS),
        months=st.sampled_from([12, 13, 18]),
        past=st.lists(st.tuples(waits, past_ways, st.booleans()), min_size=2, max_size=5),
    )
    def make_the_loan(
        self,
        start_on: date,
        split: list[tuple[int, str]],
        months: int,
        past: list[tuple[int, str, bool]],
    ) -> None:
        """Make a loan with a past, in a transaction that is thrown away in the end."""
        self.session = Session(self.engine)
        self.admin_id = a_member(self.session, role=Role.ADMIN)
        self.loan_id = a_loan(
            self.session,
            principal_cents=sum(cents for cents, _ in split),
            notes=split,
            term_months=months,
            disbursed_on=start_on,
        )
        loan = self.stands()
        self.borrower_id = loan.borrower_id
        self.today = start_on
        self.is_changed, self.is_checked = True, False
        self.lender_ids = [note.lender_id for note in loan.notes]
        self.started = {
            kind: self.balance(kind) for kind in (AccountKind.RESERVE_FUND, AccountKind.FEE_INCOME)
        }
        self.withdrawn = dict.fromkeys(self.lender_ids, 0)
        self.brought = 0
        self.borrower_start, _ = ledger.balances(self.session, member_id=loan.borrower_id)
        self.model = Model(
            principal=loan.outstanding_cents,
            rate=Fraction(loan.annual_rate),
            months=months,
            start_on=start_on,
            notes=[
                (note.lender_id or FUND, Fraction(note.annual_rate), note.outstanding_cents)
                for note in loan.notes
            ],
        ).live(self.today - timedelta(days=1))
        for days, way, keeps_term in past:
            self.wait(days)
            self.pay(way, keeps_term, 333_33)

    @rule(way=ways_to_pay, keeps_term=st.booleans(), cents=st.integers(2, 900_00))
    def pay(self, way: str, keeps_term: bool, cents: int) -> None:
        """Pay by hand, a cent or more than all."""
        amount = self._amount(way, cents)
        outcome = self._try(
            payments.pay,
            borrower_id=self.borrower_id,
            loan_id=self.loan_id,
            amount=f"{amount // 100}.{amount % 100:02d}",
            choice="keep_term" if keeps_term else "keep_installment",
            form_key=a_form_key(),
        )

        assert (outcome is not None) == bool(self.model.open_rows())
        if outcome is not None:
            self.brought += amount
            paid = Happening("pay", self.today, outcome.payment_id, amount, keeps_term)
            self.model.happenings.append(paid)
            self._live()
            assert outcome.paid_cents == paid.cents

    @rule(days=waits)
    def wait(self, days: int) -> None:
        """Let days pass; the nights on which nothing can happen are left out, but for the last."""
        for on in [self.today + timedelta(days=number) for number in range(days)]:
            is_last = on == self.today + timedelta(days=days - 1)
            if self.is_changed or is_last or self._is_eventful(on):
                self._close(on)
        self.today += timedelta(days=days)
        self._live()

    @precondition(lambda self: any(each.kind == "pay" for each in self.model.happenings))
    @rule(place=places)
    def reverse(self, place: int) -> None:
        """Reverse a payment, the loan running or not."""
        paid = self._payment_at(place)
        outcome = self._try(
            corrections.reverse_payment,
            admin_id=self.admin_id,
            payment_id=paid.payment_id,
            reason="It was another loan’s",
            form_key=a_form_key(),
        )

        assert outcome is not None
        self.model.happenings.remove(paid)
        self._live()

    @precondition(lambda self: any(each.kind == "pay" for each in self.model.happenings))
    @rule(place=places, days=st.integers(1, 70))
    def date_back(self, place: int, days: int) -> None:
        """Let a payment count from an earlier day."""
        paid = self._payment_at(place)
        paid_on = max(paid.on - timedelta(days=days), self.model.start_on)
        outcome = self._try(
            corrections.backdate_payment,
            admin_id=self.admin_id,
            payment_id=paid.payment_id,
            paid_on=paid_on,
            reason="It lay in the post",
            form_key=a_form_key(),
        )

        assert (outcome is not None) == (paid_on < paid.on)
        if outcome is not None:
            self.model.happenings.remove(paid)
            self.model.happenings.append(replace(paid, on=paid_on))
            self._live()

    @rule(back=st.integers(-40, 40), length=st.integers(1, 60))
    def pause(self, back: int, length: int) -> None:
        """Pause some days, gone, running or to come."""
        from_on = self.today - timedelta(days=back)
        until_on = from_on + timedelta(days=length - 1)
        overlaps = any(first <= until_on and from_on <= last for first, last in self.model.pauses())
        outcome = self._help(help_plans.a_pause(from_on=from_on, until_on=until_on))

        is_in_life = from_on >= self.model.start_on and self._is_running()
        assert (outcome is not None) == (is_in_life and not overlaps)
        if outcome is not None:
            self.model.happenings.append(Happening("pause", from_on, until_on=until_on))
            self._live()

    @precondition(lambda self: self.model.pauses())
    @rule(place=places, offset=st.integers(0, 61))
    def end_a_pause(self, place: int, offset: int) -> None:
        """Let days count again from a day of a pause on, gone or to come; the days beside it are refused."""
        pauses = self.model.pauses()
        first, last = pauses[place % len(pauses)]
        from_on = first + timedelta(days=offset % ((last - first).days + 3) - 1)
        is_paused = any(first <= from_on <= last for first, last in pauses)
        outcome = self._help(help_plans.an_end_of_pause(from_on=from_on))

        assert (outcome is not None) == (is_paused and self._is_running())
        if outcome is not None:
            self.model.happenings.append(Happening("unpause", from_on))
            self._live()

    @rule(back=st.sampled_from([0, 0, 12, 45]), part=st.sampled_from(["0", "0.5", "0.9", "1.1"]))
    def cut_the_rate(self, back: int, part: str) -> None:
        """Cut the rate to a part of it, from today or an earlier day on; a rise is refused."""
        from_on = self.today - timedelta(days=back)
        percent = str(round(self.stands().annual_rate * Decimal(part) * 100, 4))
        rate = Fraction(Decimal(percent)) / 100
        outcome = self._help(help_plans.a_rate_cut(rate=percent, from_on=from_on))

        is_allowed = from_on >= self.model.start_on and rate < self.model.now_rate and self._is_running()
        assert (outcome is not None) == is_allowed
        if outcome is not None:
            self.model.happenings.append(Happening("cut", from_on, rate=rate))
            self._live()

    @rule(place=places)
    def move_money_on(self, place: int) -> None:
        """Let a lender take out all they have, so that a correction finds nothing."""
        lender_id = self.lender_ids[place % len(self.lender_ids)]
        available, _ = ledger.balances(self.session, member_id=lender_id)
        if available:
            self._try(
                wallets.withdraw,
                member_id=lender_id,
                amount=f"{available // 100}.{available % 100:02d}",
                form_key=a_form_key(),
            )
            self.withdrawn[lender_id] += available
            self.is_checked = False

    @invariant()
    def everything_is_what_the_model_says(self) -> None:
        """Compare the loan with the model and with its own log replayed, and look through the whole book."""
        if not hasattr(self, "model") or self.is_checked:
            return
        loan = self.stands()
        self._compare_with_the_model(loan)
        compare_with_its_log(self.session, loan_id=self.loan_id)
        assert broken_laws(self.session) == []
        self.is_checked = True

    def teardown(self) -> None:
        """Throw the run away."""
        if hasattr(self, "session"):
            self.session.rollback()
            self.session.close()

    def _compare_with_the_model(self, loan: LoanPosition) -> None:
        """Compare schedule, state, notes and every cent that anybody got."""
        assert _rows_of(loan) == [
            (row.number, row.due_on, row.principal, row.interest, row.fee, row.paid, row.paid_on)
            for row in self.model.rows
        ]
        assert (loan.state.value, loan.outstanding_cents) == (self.model.state, self.model.outstanding)
        assert [note.outstanding_cents for note in loan.notes] == self.model.owed
        assert self._money(loan) == self._model_money()

    def stands(self) -> LoanPosition:
        """Read the loan."""
        loan = position(self.session, loan_id=self.loan_id)
        assert loan is not None
        return loan

    def balance(self, kind: AccountKind) -> int:
        """Read a balance of the house."""
        self.session.expire_all()
        query = select(LedgerAccount).where(LedgerAccount.kind == kind)
        return self.session.exec(query).one().balance_cents

    def _live(self) -> None:
        self.model.live(self.today - timedelta(days=1)).settle()
        self.is_changed, self.is_checked = True, False

    def _is_running(self) -> bool:
        return self.model.state in ("active", "defaulted")

    def _is_eventful(self, on: date) -> bool:
        return any(self.model.days_late(row, on) in (16, 121, 150) for row in self.model.open_rows())

    def _close(self, on: date) -> None:
        """Close one night as the business day does; the model says first what the fund has to buy."""
        late_fees.charge(self.session, business_on=on, now=NOW)
        defaults.declare(self.session, business_on=on, now=NOW)
        fund_cents = self.balance(AccountKind.RESERVE_FUND)
        bought = reserve_fund.buy_defaulted(self.session, business_on=on, now=NOW)
        charge_offs.charge_off(self.session, business_on=on, now=NOW)
        self.model.live(on)
        since = self.model.defaulted_on
        answered = any(each.kind == "bought" and since and each.on >= since for each in self.model.happenings)
        is_due = self.model.state in ("defaulted", "charged_off") and since is not None and not answered
        assert bool(bought.loan_ids) == is_due
        if is_due:
            owed = self.model.owed[: len(self.lender_ids)]
            total = min(fund_cents, sum(owed))
            parts = shared(total, owed)
            assert bought.bought_cents == total
            bought_parts = {place: cents for place, cents in enumerate(parts) if cents}
            self.model.happenings.append(Happening("bought", on, bought=bought_parts))
            self.model.live(on)
        self.is_changed = False

    def _payment_at(self, place: int) -> Happening:
        paid = [each for each in self.model.happenings if each.kind == "pay"]
        return paid[place % len(paid)]

    def _amount(self, way: str, cents: int) -> int:
        due = sum(row.unpaid for row in self.model.open_rows() if row.due_on <= self.today)
        payoff = self.model.payoff(self.today)
        amounts = {
            "a cent": 1,
            "some": cents,
            "what is due": due,
            "one installment": self.model.level,
            "two and a bit": 2 * self.model.level + cents,
            "nearly all": payoff - 1,
            "all": payoff,
            "too much": payoff + cents,
        }
        return max(1, amounts[way])

    def _help(self, event: LoanEvent) -> Any:
        return self._try(
            hardship.give,
            admin_id=self.admin_id,
            loan_id=self.loan_id,
            event=event,
            reason="Hardship",
            form_key=a_form_key(),
        )

    def _try(self, service: Any, **how: Any) -> Any:
        """Run a service; a refusal answers none and leaves nothing behind."""
        try:
            with self.session.begin_nested():
                return service(self.session, **how, business_on=self.today, now=NOW)
        except LendingError:
            return None
        finally:
            self.session.expire_all()

    def _money(self, loan: LoanPosition) -> dict[str, int]:
        """Add up what everybody has got, with what was advanced to them taken off."""
        owed: dict[int | None, int] = {}
        for each in self.session.exec(select(Receivable)):
            left = each.amount_cents - each.collected_cents - each.written_off_cents
            owed[each.member_id] = owed.get(each.member_id, 0) + left
        money = {
            f"lender {lender_id}": ledger.balances(self.session, member_id=lender_id)[0]
            + self.withdrawn[lender_id]
            - owed.get(lender_id, 0)
            for lender_id in self.lender_ids
        }
        wallet_cents, _ = ledger.balances(self.session, member_id=loan.borrower_id)
        money["borrower"] = wallet_cents - self.borrower_start
        money["income"] = self.balance(AccountKind.FEE_INCOME) - self.started[AccountKind.FEE_INCOME]
        fund = self.balance(AccountKind.RESERVE_FUND) - self.started[AccountKind.RESERVE_FUND]
        money["fund"] = fund - owed.get(None, 0)
        return money

    def _model_money(self) -> dict[str, int]:
        money = {f"lender {lender_id}": self.model.got[lender_id] for lender_id in self.lender_ids}
        money["borrower"] = self.brought - sum(self.model.taken.values())
        money["income"] = self.model.income
        money["fund"] = self.model.got[FUND]
        return money


def _rows_of(loan: LoanPosition) -> list[tuple[Any, ...]]:
    names = (
        "number", "due_on", "principal_cents", "interest_cents", "late_fee_cents", "paid_cents", "paid_on",
    )  # fmt: skip
    return [tuple(getattr(row, name) for name in names) for row in loan.rows]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_loan_lives_as_the_model_says_whatever_happens_to_it(database: Engine) -> None:
    LoanLifeMachine.engine = database
    run_state_machine_as_test(
        LoanLifeMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=7,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=EXAMPLES == USUAL_EXAMPLES,
            phases=PHASES,
            report_multiple_bugs=False,
        ),
    )
