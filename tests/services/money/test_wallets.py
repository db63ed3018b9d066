"""The wallet: money in and out once, never more than is there, and a statement that explains itself."""

from typing import Any

import pytest
from sqlalchemy.engine import Engine

from p2p_reflex.database import read, run, transaction
from p2p_reflex.domain.errors import FieldError, LendingError, UnknownError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.services.money import books, ledger, wallets
from p2p_reflex.services.money.statements import StatementFilter
from tests.builders import NOW, TODAY, a_form_key, a_lender, a_member, in_threads

HOSTILE_AMOUNTS = [
    "", " ", "0", "0.00", "-5", "−5", "-0", "+5", "NaN", "nan", "Infinity", "-inf", "1e30", "1e3", "0.001",
    "5.005", "1_000", "१२३", "１２３", "0x10", "1,00", "1.000,00", "2147483648.00", "9223372036854775808",
    "1000000.01", "$", "5 5", "5\x00", "\u202e5", "\ud800", "=1+1", "'; DROP TABLE member; --",
    "<script>1</script>", "9" * 10_000_000, None, 5.5, True, {"amount": 5}, ["5"],
]  # fmt: skip


def add(member_id: int, amount: Any, form_key: str | None = None) -> wallets.WalletChange:
    return run(
        wallets.add_money,
        member_id=member_id,
        amount=amount,
        form_key=form_key or a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def take(member_id: int, amount: Any, form_key: str | None = None) -> wallets.WalletChange:
    return run(
        wallets.withdraw,
        member_id=member_id,
        amount=amount,
        form_key=form_key or a_form_key(),
        business_on=TODAY,
        now=NOW,
    )


def available(member_id: int) -> int:
    return read(ledger.balances, member_id=member_id)[0]


@pytest.fixture
def lender_id(database: Engine) -> int:
    return run(a_lender)


def test_money_added_is_available_and_the_bank_has_it(lender_id: int) -> None:
    change = add(lender_id, "$2,310.50")

    equation = read(books.bank_equation)
    assert (change.amount_cents, change.available_cents) == (231_050, 231_050)
    assert (equation.bank_cents, equation.wallets_cents, equation.difference_cents) == (231_050, 231_050, 0)


def test_all_that_is_available_can_be_withdrawn_to_the_cent(lender_id: int) -> None:
    add(lender_id, "10.01")

    change = take(lender_id, "10.01")

    assert change.available_cents == 0
    assert all(law.holds for law in read(books.check_books))


def test_more_than_is_available_is_refused_with_the_figure_beside_the_field(lender_id: int) -> None:
    add(lender_id, "2310")

    with pytest.raises(FieldError) as refused:
        take(lender_id, "2310.01")

    assert (refused.value.field, refused.value.message) == ("amount", "You have $2,310.00 available.")
    assert available(lender_id) == 231_000


@pytest.mark.parametrize("amount", HOSTILE_AMOUNTS, ids=lambda amount: repr(amount)[:24].encode().hex()[:16])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_amount_that_is_no_amount_is_refused_beside_the_field(lender_id: int, amount: object) -> None:
    add(lender_id, "100")

    for act in (add, take):
        with pytest.raises(FieldError) as refused:
            act(lender_id, amount)
        assert refused.value.field == "amount"
        assert refused.value.message.endswith(".")

    assert available(lender_id) == 100_00


@pytest.mark.parametrize("amount", ["0.99", "1000000.01"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_deposit_lies_between_one_dollar_and_a_million(lender_id: int, amount: str) -> None:
    with pytest.raises(FieldError, match=r"must be between \$1 and \$1,000,000\."):
        add(lender_id, amount)


def test_a_form_sent_twice_acts_once(lender_id: int) -> None:
    key = a_form_key()

    first, second = add(lender_id, "100", key), add(lender_id, "100.00", key)

    assert first == second
    assert available(lender_id) == 100_00


def test_a_form_sent_again_with_another_amount_is_refused(lender_id: int) -> None:
    key = a_form_key()
    add(lender_id, "100", key)

    with pytest.raises(LendingError, match="already sent"):
        add(lender_id, "200", key)

    assert available(lender_id) == 100_00


def test_of_many_withdrawals_at_once_only_what_is_there_goes_out(lender_id: int) -> None:
    add(lender_id, "100")

    results = in_threads([lambda: take(lender_id, "30") for _ in range(8)])

    assert sum(isinstance(result, wallets.WalletChange) for result in results) == 3
    assert all(isinstance(result, wallets.WalletChange | FieldError) for result in results)
    assert available(lender_id) == 10_00
    assert all(law.holds for law in read(books.check_books))


def test_a_button_pressed_twice_at_the_same_instant_acts_once(lender_id: int) -> None:
    key = a_form_key()

    results = in_threads([lambda: add(lender_id, "25", key) for _ in range(4)])

    assert len(set(results)) == 1
    assert available(lender_id) == 25_00


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_admin_a_bot_and_a_stranger_have_no_wallet_to_use(database: Engine) -> None:
    with transaction() as session:
        ids = [a_member(session, role=Role.ADMIN), a_lender(session, is_bot=True), 10**9]

    for member_id in ids:
        with pytest.raises(UnknownError):
            add(member_id, "5")
        with pytest.raises(UnknownError):
            take(member_id, "5")
        with pytest.raises(UnknownError):
            read(wallets.view, member_id=member_id)


def test_the_statement_tells_the_newest_first_with_the_balance_after_each(lender_id: int) -> None:
    add(lender_id, "100")
    take(lender_id, "30.50")
    add(lender_id, "5")

    statement = read(wallets.view, member_id=lender_id).statement

    assert [(row.words, row.available_change_cents, row.available_after_cents) for row in statement.rows] == [
        ("Money added", 5_00, 74_50),
        ("Money withdrawn", -30_50, 69_50),
        ("Money added", 100_00, 100_00),
    ]


def test_the_statement_comes_in_pages_and_a_page_beyond_the_end_is_the_last(lender_id: int) -> None:
    for dollars in range(1, 8):
        add(lender_id, str(dollars))

    pages = [
        read(wallets.view, member_id=lender_id, page=page, page_size=3).statement for page in (1, 3, 99, -4)
    ]

    assert [[row.available_change_cents for row in page.rows] for page in pages] == [
        [700, 600, 500],
        [100],
        [100],
        [700, 600, 500],
    ]
    assert [(page.page, page.page_count, page.first_number, page.row_count) for page in pages[:2]] == [
        (1, 3, 1, 7),
        (3, 3, 7, 7),
    ]


def test_the_statement_can_show_only_some_kinds(lender_id: int) -> None:
    add(lender_id, "100")

    shown = {
        shows: read(wallets.view, member_id=lender_id, shows=shows).statement.row_count
        for shows in StatementFilter
    }

    assert shown == {
        StatementFilter.ALL: 1,
        StatementFilter.MONEY: 1,
        StatementFilter.BIDS: 0,
        StatementFilter.LOANS: 0,
    }
