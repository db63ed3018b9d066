"""Many at once on money that waits: it ends once, and no cent is lost, doubled or made."""

import random

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from p2p_reflex import database as house
from p2p_reflex.domain.errors import FieldError, LendingError
from p2p_reflex.domain.vocabulary import MoneyRequestKind, MoneyRequestState, Role
from p2p_reflex.models import MoneyRequest
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.days import opening
from p2p_reflex.services.money.money_requests import EndedAlreadyError, RequestOutcome
from p2p_reflex.settings import settings
from tests.builders import (
    NOW,
    TODAY,
    a_form_key,
    a_lender,
    a_listing,
    a_member,
    broken_laws,
    in_threads,
)
from tests.money_deeds import add, at_the_bank, balances, cancel, confirm, refuse, take


@pytest.fixture(autouse=True)
def _an_admin_confirms(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2P_CONFIRM_MONEY", "by_admin")
    monkeypatch.setenv("P2P_SECOND_ADMIN_ABOVE", "10000")
    settings.cache_clear()
    house.run(opening.open_market, business_on=TODAY)


@pytest.fixture
def lender_id() -> int:
    return house.run(a_lender, cash_cents=1_000_00)


@pytest.fixture
def admin_id() -> int:
    return house.run(a_member, role=Role.ADMIN)


@pytest.fixture
def second_id(admin_id: int) -> int:
    return house.run(a_member, role=Role.ADMIN)


def test_of_many_admins_who_confirm_at_the_same_instant_one_moves_the_money(lender_id: int) -> None:
    admins = [house.run(a_member, role=Role.ADMIN) for _ in range(6)]
    for request_id in (add(lender_id, "250"), take(lender_id, "400")):
        results = in_threads([lambda who=who, n=request_id: confirm(who, n) for who in admins])

        assert sum(isinstance(each, RequestOutcome) for each in results) == 1
        assert sum(isinstance(each, EndedAlreadyError) for each in results) == 5

    assert (balances(lender_id), at_the_bank()) == ((850_00, 0), 850_00)
    assert house.read(broken_laws) == []


def test_confirming_refusing_and_cancelling_at_the_same_instant_ends_it_once(
    lender_id: int, admin_id: int, second_id: int
) -> None:
    for _ in range(5):
        before, bank_before = balances(lender_id), at_the_bank()
        request_id = take(lender_id, "100")

        results = in_threads(
            [
                lambda n=request_id: confirm(admin_id, n),
                lambda n=request_id: refuse(second_id, n),
                lambda n=request_id: cancel(lender_id, n),
            ]
        )

        (outcome,) = [each for each in results if isinstance(each, RequestOutcome)]
        went_out = 100_00 if outcome.state is MoneyRequestState.CONFIRMED else 0
        assert balances(lender_id) == (before[0] - went_out, 0)
        assert at_the_bank() == bank_before - went_out
    assert house.read(broken_laws) == []


def test_two_requests_at_the_same_instant_never_hold_the_same_cash(lender_id: int) -> None:
    results = in_threads([lambda: take(lender_id, "300") for _ in range(8)])

    assert sum(isinstance(each, int) for each in results) == 3
    assert all(isinstance(each, int | FieldError) for each in results)
    assert balances(lender_id) == (100_00, 900_00)
    assert house.read(broken_laws) == []


def test_a_large_withdrawal_confirmed_by_many_at_once_takes_exactly_two() -> None:
    rich_id = house.run(a_lender, cash_cents=50_000_00)
    admins = [house.run(a_member, role=Role.ADMIN) for _ in range(5)]
    request_id = take(rich_id, "20000")

    results = in_threads([lambda who=who: confirm(who, request_id) for who in admins])

    states = sorted(each.state.value for each in results if isinstance(each, RequestOutcome))
    assert states == ["confirmed", "waiting"]
    assert balances(rich_id) == (30_000_00, 0)
    assert house.read(broken_laws) == []


def test_random_asking_deciding_bidding_and_cancelling_makes_and_loses_no_cent(admin_id: int) -> None:
    lenders = [house.run(a_lender, cash_cents=1_000_00) for _ in range(3)]
    listing_ids = [house.run(a_listing, amount_cents=1_000_00) for _ in range(2)]

    results = in_threads(
        [lambda seed=seed: _wander(seed, lenders, listing_ids, admin_id) for seed in range(6)]
    )

    assert [each for each in results if isinstance(each, Exception)] == []
    assert house.read(broken_laws) == []
    assert at_the_bank() == 3_000_00 + _confirmed_cents()
    assert sum(sum(balances(each)) for each in lenders) == at_the_bank()
    assert min(min(balances(each)) for each in lenders) >= 0


def _wander(seed: int, lenders: list[int], listing_ids: list[int], admin_id: int) -> int:
    """Ask, decide and bid at random; a refusal is an answer, anything else is a failure."""
    dice = random.Random(seed)
    refused = 0
    for _ in range(30):
        lender_id, request_id = dice.choice(lenders), dice.randrange(1, 60)
        try:
            match dice.randrange(6):
                case 0:
                    add(lender_id, str(dice.randrange(1, 300)))
                case 1:
                    take(lender_id, str(dice.randrange(1, 500)))
                case 2:
                    cancel(lender_id, request_id)
                case 3:
                    refuse(admin_id, request_id)
                case 4:
                    confirm(admin_id, request_id)
                case _:
                    house.run(
                        bidding.place_bid,
                        lender_id=lender_id,
                        listing_id=dice.choice(listing_ids),
                        amount=str(dice.randrange(25, 600)),
                        rate=f"{dice.randrange(600, 2000) / 100:.2f}",
                        form_key=a_form_key(),
                        business_on=TODAY,
                        now=NOW,
                    )
        except LendingError:
            refused += 1
    return refused


def _confirmed_cents() -> int:
    with house.reading() as session:
        rows = session.execute(
            sa.select(MoneyRequest.kind, MoneyRequest.amount_cents).where(  # type: ignore[call-overload]
                MoneyRequest.state == MoneyRequestState.CONFIRMED
            )
        ).all()
    return sum(cents if kind is MoneyRequestKind.DEPOSIT else -cents for kind, cents in rows)
