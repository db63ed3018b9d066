"""Money that an admin confirms: once, by the right people, and nothing lost, doubled or made on the way."""

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from p2p_reflex import database as house
from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.vocabulary import MoneyRequestState, Role, TransactionKind
from p2p_reflex.services.bidding import bidding
from p2p_reflex.services.days import opening
from p2p_reflex.services.money import books, waiting_money, wallets
from p2p_reflex.services.money.money_requests import (
    MOST_WAITING,
    EndedAlreadyError,
    EnoughWaitsError,
    RequestOutcome,
    SecondAdminNeededError,
)
from p2p_reflex.services.money.statements import StatementFilter
from p2p_reflex.services.notices import notices
from p2p_reflex.services.paying import payments
from p2p_reflex.services.paying.payments import WalletShortError
from p2p_reflex.settings import settings
from tests.builders import (
    NOW,
    TODAY,
    a_borrower,
    a_form_key,
    a_lender,
    a_listing,
    a_loan,
    a_member,
    broken_laws,
    in_threads,
)
from tests.money_deeds import add, at_the_bank, balances, cancel, confirm, refuse, state_of, take


@pytest.fixture(autouse=True)
def _an_admin_confirms(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2P_CONFIRM_MONEY", "by_admin")
    monkeypatch.setenv("P2P_SECOND_ADMIN_ABOVE", "10000")
    settings.cache_clear()
    house.run(opening.open_market, business_on=TODAY)


@pytest.fixture
def lender_id() -> int:
    return house.run(a_lender, cash_cents=1_000_00, full_name="Ingrid Sund")


@pytest.fixture
def admin_id() -> int:
    return house.run(a_member, role=Role.ADMIN, full_name="Sam Whitfield")


@pytest.fixture
def second_id(admin_id: int) -> int:
    return house.run(a_member, role=Role.ADMIN, full_name="Ada Byron")


def told(member_id: int) -> list[str]:
    return [row.text.title for row in house.read(notices.page_of, member_id=member_id).rows]


def test_a_deposit_moves_nothing_until_an_admin_confirms_it(lender_id: int, admin_id: int) -> None:
    request_id = add(lender_id, "250")
    before = balances(lender_id), at_the_bank(), house.read(broken_laws)

    outcome = confirm(admin_id, request_id)

    assert before == ((1_000_00, 0), 1_000_00, [])
    assert outcome == RequestOutcome(request_id, MoneyRequestState.CONFIRMED, 250_00)
    assert (balances(lender_id), at_the_bank()) == ((1_250_00, 0), 1_250_00)
    assert house.read(broken_laws) == []
    assert told(lender_id) == ["$250.00 came in"]
    assert told(admin_id) == ["Ingrid Sund added $250.00"]


def test_a_withdrawal_is_held_at_once_and_goes_out_once_confirmed(lender_id: int, admin_id: int) -> None:
    request_id = take(lender_id, "400")
    before = balances(lender_id), at_the_bank(), house.read(broken_laws)

    confirm(admin_id, request_id)

    assert before == ((600_00, 400_00), 1_000_00, [])
    assert (balances(lender_id), at_the_bank()) == ((600_00, 0), 600_00)
    assert house.read(broken_laws) == []
    assert told(lender_id) == ["$400.00 went out"]
    assert told(admin_id) == ["Ingrid Sund wants to withdraw $400.00"]


def test_what_is_refused_or_cancelled_leaves_everything_as_it_was(lender_id: int, admin_id: int) -> None:
    refused = add(lender_id, "250"), take(lender_id, "300")
    cancelled = add(lender_id, "250"), take(lender_id, "300")

    for request_id in refused:
        refuse(admin_id, request_id)
    for request_id in cancelled:
        cancel(lender_id, request_id)

    assert (balances(lender_id), at_the_bank()) == ((1_000_00, 0), 1_000_00)
    assert house.read(broken_laws) == []
    assert told(lender_id) == [
        "The market refused your withdrawal of $300.00",
        "The market refused your deposit of $250.00",
    ]
    assert house.read(waiting_money.of_member, member_id=lender_id) == ()


def test_what_has_ended_ends_no_second_time(lender_id: int, admin_id: int) -> None:
    ended = [take(lender_id, "100") for _ in range(3)]
    confirm(admin_id, ended[0])
    refuse(admin_id, ended[1])
    cancel(lender_id, ended[2])
    after = balances(lender_id), at_the_bank()

    for request_id in ended:
        for again in (
            lambda number=request_id: confirm(admin_id, number),
            lambda number=request_id: refuse(admin_id, number),
            lambda number=request_id: cancel(lender_id, number),
        ):
            with pytest.raises(EndedAlreadyError):
                again()

    assert (balances(lender_id), at_the_bank()) == after == ((900_00, 0), 900_00)
    assert house.read(broken_laws) == []


def test_a_form_sent_twice_asks_once_and_decides_once(lender_id: int, admin_id: int) -> None:
    key, confirming = a_form_key(), a_form_key()

    asked = in_threads([lambda: take(lender_id, "400", key) for _ in range(4)])
    answers = in_threads([lambda: confirm(admin_id, asked[0], confirming) for _ in range(4)])

    assert len(set(asked)) == 1
    assert len(set(answers)) == 1
    assert (balances(lender_id), at_the_bank()) == ((600_00, 0), 600_00)


def test_more_than_is_available_is_refused_beside_the_field_whatever_waits(lender_id: int) -> None:
    add(lender_id, "5000")
    take(lender_id, "700")

    with pytest.raises(FieldError) as refused:
        take(lender_id, "300.01")

    assert (refused.value.field, refused.value.message) == ("amount", "You have $300.00 available.")
    assert balances(lender_id) == (300_00, 700_00)


def test_what_waits_to_go_out_can_neither_be_bid_nor_paid(lender_id: int) -> None:
    listing_id = house.run(a_listing)
    take(lender_id, "900")

    with pytest.raises(LendingError, match=r"\$100\.00"):
        house.run(
            bidding.place_bid,
            lender_id=lender_id,
            listing_id=listing_id,
            amount="200",
            rate="10",
            form_key=a_form_key(),
            business_on=TODAY,
            now=NOW,
        )

    assert balances(lender_id) == (100_00, 900_00)


def test_a_payment_by_hand_cannot_bring_money_past_the_admins(admin_id: int) -> None:
    borrower_id = house.run(a_borrower)
    loan_id = house.run(a_loan, borrower_id=borrower_id, principal_cents=1_200_00, term_months=12)
    available_cents, _ = balances(borrower_id)
    take(borrower_id, formats.money(available_cents - 150_00))
    paying = {"borrower_id": borrower_id, "loan_id": loan_id, "choice": "keep_term"}
    bank_before = at_the_bank()

    def pay(amount: str) -> payments.PaymentOutcome:
        return house.run(
            payments.pay, amount=amount, form_key=a_form_key(), business_on=TODAY, now=NOW, **paying
        )

    outcome = pay("100")
    with pytest.raises(WalletShortError, match="Add money there first"):
        pay("999999")
    with pytest.raises(WalletShortError, match=r"Your wallet has \$50\.00"):
        pay("50.01")

    assert (outcome.paid_cents, outcome.brought_cents) == (100_00, 0)
    assert balances(borrower_id)[0] == 50_00
    assert at_the_bank() == bank_before
    assert house.read(broken_laws) == []


def test_a_large_withdrawal_needs_two_different_admins(admin_id: int, second_id: int) -> None:
    rich_id = house.run(a_lender, cash_cents=50_000_00, full_name="Aisha Doe")
    request_id = take(rich_id, "10000.01")

    first = confirm(admin_id, request_id)
    with pytest.raises(SecondAdminNeededError):
        confirm(admin_id, request_id)
    held = balances(rich_id)
    (seen,) = house.read(waiting_money.for_admin, admin_id=second_id)
    second = confirm(second_id, request_id)

    assert (first.state, second.state) == (MoneyRequestState.WAITING, MoneyRequestState.CONFIRMED)
    assert held == (39_999_99, 10_000_01)
    assert (seen.first_confirmed_by, seen.is_first_own, seen.needs_second_admin) == (
        "Sam Whitfield", False, True,
    )  # fmt: skip
    assert balances(rich_id) == (39_999_99, 0)
    assert told(second_id)[0] == "$10,000.01 waits for a second admin"
    assert "$10,000.01 waits for a second admin" not in told(admin_id)
    assert house.read(broken_laws) == []


def test_up_to_the_limit_and_for_any_deposit_one_admin_is_enough(admin_id: int) -> None:
    rich_id = house.run(a_lender, cash_cents=50_000_00)

    outcomes = [confirm(admin_id, take(rich_id, "10000")), confirm(admin_id, add(rich_id, "900000"))]

    assert [each.state for each in outcomes] == [MoneyRequestState.CONFIRMED] * 2


def test_what_one_admin_confirmed_can_still_be_refused_or_cancelled(admin_id: int, second_id: int) -> None:
    rich_id = house.run(a_lender, cash_cents=50_000_00)
    first, other = take(rich_id, "20000"), take(rich_id, "20000")
    confirm(admin_id, first)
    confirm(admin_id, other)

    refuse(second_id, first)
    cancel(rich_id, other)

    assert balances(rich_id) == (50_000_00, 0)
    assert house.read(broken_laws) == []


def test_the_database_itself_refuses_one_admin_as_both(
    database: Engine, admin_id: int, lender_id: int
) -> None:
    request_id = take(lender_id, "100")
    confirm(admin_id, request_id)

    with pytest.raises(sa.exc.IntegrityError), database.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE money_request SET first_confirmed_by_id = decided_by_id,"
                " first_confirmed_at = decided_at WHERE id = :number"
            ),
            {"number": request_id},
        )


def test_nobody_else_decides_and_nobody_cancels_for_another(lender_id: int, admin_id: int) -> None:
    request_id = take(lender_id, "100")
    other_id = house.run(a_lender)

    for member_id in (lender_id, other_id, 999_999):
        with pytest.raises(UnknownError):
            confirm(member_id, request_id)
        with pytest.raises(UnknownError):
            refuse(member_id, request_id)
        with pytest.raises(UnknownError):
            house.read(waiting_money.for_admin, admin_id=member_id)
    for member_id in (other_id, admin_id):
        with pytest.raises(UnknownError):
            cancel(member_id, request_id)
    for number in (0, -1, 2**70, 999_999):
        with pytest.raises(UnknownError):
            confirm(admin_id, number)
    with pytest.raises(FieldError):
        refuse(admin_id, request_id, reason=" ")

    assert state_of(request_id) is MoneyRequestState.WAITING


def test_a_member_fills_the_list_of_no_admin(lender_id: int) -> None:
    for _ in range(MOST_WAITING):
        add(lender_id, "1")

    with pytest.raises(EnoughWaitsError):
        add(lender_id, "1")


def test_the_statement_tells_what_was_held_and_what_became_of_it(lender_id: int, admin_id: int) -> None:
    confirm(admin_id, take(lender_id, "400"))
    refuse(admin_id, take(lender_id, "100"))

    def words(shows: StatementFilter) -> list[str]:
        found = house.read(wallets.view, member_id=lender_id, shows=shows).statement.rows
        return [row.words for row in found]

    assert words(StatementFilter.MONEY) == [
        "Withdrawal refused",
        "Held for your withdrawal",
        "Money withdrawn",
        "Withdrawal confirmed",
        "Held for your withdrawal",
        "Money added",
    ]
    assert words(StatementFilter.BIDS) == []


def test_what_waits_stays_decidable_when_the_setting_is_changed_back(
    lender_id: int, admin_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = take(lender_id, "400")
    monkeypatch.setenv("P2P_CONFIRM_MONEY", "at_once")
    settings.cache_clear()

    confirm(admin_id, request_id)
    moving = {"member_id": lender_id, "amount": "100", "form_key": a_form_key()}
    at_once = house.run(wallets.withdraw, **moving, business_on=TODAY, now=NOW)

    assert at_once.transaction_id is not None
    assert balances(lender_id) == (500_00, 0)
    assert house.read(broken_laws) == []


def test_the_laws_tell_a_hold_that_is_missing_and_a_confirmation_that_moved_nothing(
    database: Engine, lender_id: int, admin_id: int
) -> None:
    waiting, confirmed = take(lender_id, "400"), take(lender_id, "100")
    confirm(admin_id, confirmed)

    with database.begin() as connection:
        connection.execute(sa.text(f"UPDATE money_request SET amount_cents = 1 WHERE id = {waiting}"))
        connection.execute(sa.text(f"UPDATE money_request SET amount_cents = 7 WHERE id = {confirmed}"))

    broken = {law.law: law.violations for law in house.read(books.check_books) if not law.holds}
    assert set(broken) == {4, 9}
    assert broken[4] == (
        f"Member {lender_id} has $400.00 held; $0.00 of their bids leads and $0.01 waits to be withdrawn.",
    )
    assert broken[9] == (
        f"Request {confirmed}, a withdrawal of $0.07, was confirmed; its transaction moved −$100.00.",
    )


def test_a_confirmed_deposit_is_one_transaction_with_the_admin_as_its_actor(
    lender_id: int, admin_id: int
) -> None:
    request_id = add(lender_id, "250")

    confirm(admin_id, request_id)

    with house.reading() as session:
        (row,) = session.execute(
            sa.text(
                "SELECT t.kind, t.actor_id FROM journal_transaction t JOIN money_request r"
                " ON r.transaction_id = t.id WHERE r.id = :number"
            ),
            {"number": request_id},
        )
    assert tuple(row) == (TransactionKind.DEPOSIT.value, admin_id)
