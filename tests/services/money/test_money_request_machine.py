"""Money that waits against a small model: asked, confirmed, refused or cancelled once, whatever happens."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examination
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

from p2p_reflex import database as house
from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import FieldError
from p2p_reflex.domain.vocabulary import MoneyRequestState, Role
from p2p_reflex.services.days import opening
from p2p_reflex.services.money import waiting_money, wallets
from p2p_reflex.services.money.money_requests import EndedAlreadyError, SecondAdminNeededError
from p2p_reflex.settings import ConfirmMoney, settings
from tests.builders import NOW, TODAY, a_form_key, a_lender, a_member, broken_laws
from tests.money_deeds import add, at_the_bank, balances, cancel, confirm, refuse, take

CASH_CENTS = 30_000_00
LIMIT_CENTS = 10_000_00
amounts = st.sampled_from([1_00, 99_99, 10_000_00, 10_000_01, 25_000_00])


@dataclass
class Asked:
    """A request as the model remembers it."""

    number: int
    is_deposit: bool
    cents: int
    first: int | None = None
    is_open: bool = True

    @property
    def is_large(self) -> bool:
        return not self.is_deposit and self.cents > LIMIT_CENTS


class WaitingMachine(RuleBasedStateMachine):
    """Ask and decide in any order; the model counts on its fingers."""

    @initialize()
    def open_a_wallet(self) -> None:
        """Give every run a lender and two admins of its own; the database is shared by the runs."""
        self.lender_id = house.run(a_lender, cash_cents=CASH_CENTS)
        self.admins = [house.run(a_member, role=Role.ADMIN) for _ in range(2)]
        self.asked: list[Asked] = []
        self.available, self.moved = CASH_CENTS, 0
        self.bank_before = at_the_bank()

    @precondition(lambda self: sum(each.is_open for each in self.asked) < 6)
    @rule(cents=amounts)
    def ask_to_add(self, cents: int) -> None:
        self.asked.append(Asked(add(self.lender_id, formats.money(cents)), True, cents))

    @precondition(lambda self: sum(each.is_open for each in self.asked) < 6)
    @rule(cents=amounts)
    def ask_to_withdraw(self, cents: int) -> None:
        if cents > self.available:
            with pytest.raises(FieldError):
                take(self.lender_id, formats.money(cents))
            return
        self.asked.append(Asked(take(self.lender_id, formats.money(cents)), False, cents))
        self.available -= cents

    @precondition(lambda self: self.asked)
    @rule(place=st.integers(0, 50), who=st.integers(0, 1))
    def confirm_one(self, place: int, who: int) -> None:
        each = self._pick(place)
        if not each.is_open:
            with pytest.raises(EndedAlreadyError):
                confirm(self.admins[who], each.number)
        elif each.is_large and each.first == who:
            with pytest.raises(SecondAdminNeededError):
                confirm(self.admins[who], each.number)
        elif each.is_large and each.first is None:
            assert confirm(self.admins[who], each.number).state is MoneyRequestState.WAITING
            each.first = who
        else:
            assert confirm(self.admins[who], each.number).state is MoneyRequestState.CONFIRMED
            each.is_open = False
            self.moved += each.cents if each.is_deposit else -each.cents
            self.available += each.cents if each.is_deposit else 0

    @precondition(lambda self: self.asked)
    @rule(place=st.integers(0, 50), by_admin=st.booleans())
    def end_one(self, place: int, by_admin: bool) -> None:
        each = self._pick(place)

        def end() -> Any:
            return refuse(self.admins[0], each.number) if by_admin else cancel(self.lender_id, each.number)

        if not each.is_open:
            with pytest.raises(EndedAlreadyError):
                end()
            return
        end()
        each.is_open = False
        self.available += 0 if each.is_deposit else each.cents

    @precondition(lambda self: self.available >= 1_00)
    @rule()
    def withdraw_at_once(self) -> None:
        """Take money out in the way of the other setting, in between."""
        moving = {"member_id": self.lender_id, "amount": "1", "form_key": a_form_key()}
        house.run(wallets.withdraw, **moving, business_on=TODAY, now=NOW, confirm=ConfirmMoney.AT_ONCE)
        self.available, self.moved = self.available - 1_00, self.moved - 1_00

    @invariant()
    def books_agree_with_the_model(self) -> None:
        if not hasattr(self, "asked"):
            return
        leaving = sum(each.cents for each in self.asked if each.is_open and not each.is_deposit)
        assert balances(self.lender_id) == (self.available, leaving)
        assert at_the_bank() == self.bank_before + self.moved
        waiting = house.read(waiting_money.of_member, member_id=self.lender_id)
        assert [each.request_id for each in waiting] == [each.number for each in self.asked if each.is_open]

    def teardown(self) -> None:
        assert house.read(broken_laws) == []

    def _pick(self, place: int) -> Asked:
        return self.asked[place % len(self.asked)]


@pytest.mark.parametrize(("examples", "database"), [(15, "sqlite"), (6, "postgresql")], indirect=["database"])
def test_what_waits_follows_the_model_whatever_happens(
    database: Engine, examples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2P_CONFIRM_MONEY", "by_admin")
    monkeypatch.setenv("P2P_SECOND_ADMIN_ABOVE", f"{LIMIT_CENTS // 100}")
    settings.cache_clear()
    house.run(opening.open_market, business_on=TODAY)

    run_state_machine_as_test(
        WaitingMachine,
        settings=examination(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
