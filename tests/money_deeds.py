"""Owns what members and admins do with money that waits, for tests."""

from typing import Any

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import MoneyRequestState
from p2p_reflex.models import MoneyRequest
from p2p_reflex.services.money import books, ledger, money_requests, wallets
from p2p_reflex.services.money.money_requests import RequestOutcome
from tests.builders import NOW, TODAY, a_form_key


def add(member_id: int, amount: str, form_key: str = "") -> int:
    return _move(wallets.add_money, member_id, amount, form_key)


def take(member_id: int, amount: str, form_key: str = "") -> int:
    return _move(wallets.withdraw, member_id, amount, form_key)


def _move(service: Any, member_id: int, amount: str, form_key: str) -> int:
    change = house.run(
        service,
        member_id=member_id,
        amount=amount,
        form_key=form_key or a_form_key(),
        business_on=TODAY,
        now=NOW,
    )
    assert change.transaction_id is None
    return change.request_id


def decide(service: Any, request_id: int, *, form_key: str = "", **who: Any) -> RequestOutcome:
    return house.run(
        service, request_id=request_id, form_key=form_key or a_form_key(), business_on=TODAY, now=NOW, **who
    )


def confirm(admin_id: int, request_id: int, form_key: str = "") -> RequestOutcome:
    return decide(money_requests.confirm, request_id, admin_id=admin_id, form_key=form_key)


def refuse(admin_id: int, request_id: int, reason: str = "No transfer arrived") -> RequestOutcome:
    return decide(money_requests.refuse, request_id, admin_id=admin_id, reason=reason)


def cancel(member_id: int, request_id: int) -> RequestOutcome:
    return decide(money_requests.cancel, request_id, member_id=member_id)


def balances(member_id: int) -> tuple[int, int]:
    return house.read(ledger.balances, member_id=member_id)


def at_the_bank() -> int:
    return house.read(books.bank_equation).bank_cents


def state_of(request_id: int) -> MoneyRequestState:
    with house.reading() as session:
        return session.get_one(MoneyRequest, request_id).state
