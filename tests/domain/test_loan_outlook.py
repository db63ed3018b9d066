"""What a loan still brings its notes, what it was charged so far, and pauses that end early."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from p2p_reflex.domain import hardship
from p2p_reflex.domain.hardship import Forgiveness
from p2p_reflex.domain.loan_life import LoanTerms, opening
from p2p_reflex.domain.loan_standing import HeldNote, LoanStanding, Pause, ended_early
from p2p_reflex.domain.repayment import charged_cents, expected_cents

MADE_ON = date(2026, 1, 31)
FIRST, LAST = date(2026, 3, 10), date(2026, 3, 20)


def a_loan(*, fund_cents: int = 0) -> LoanStanding:
    """Make a loan of $6,000 with two lenders, and a part that the reserve fund took over from the first."""
    notes = [HeldNote(1, 1, 4_000_00, Decimal("0.10"), 4_000_00 - fund_cents)]
    notes.append(HeldNote(2, 2, 2_000_00, Decimal("0.13"), 2_000_00))
    if fund_cents:
        notes.append(HeldNote(3, None, fund_cents, Decimal("0.10"), fund_cents))
    terms = LoanTerms(6_000_00, Decimal("0.11"), 12, MADE_ON, tuple(notes[:2]))
    return replace(opening(terms), notes=tuple(notes))


def test_lenders_get_all_that_is_planned_but_the_servicing_fee() -> None:
    loan = a_loan()

    expected = expected_cents(loan)

    fees = loan.owed_cents - sum(expected.values())
    assert fees == pytest.approx(loan.owed_cents / 100, abs=len(loan.unpaid))


def test_the_fund_pays_no_servicing_fee_on_any_installment() -> None:
    loan = a_loan(fund_cents=4_000_00)

    expected = expected_cents(loan)

    alone = expected_cents(a_loan())
    assert expected[1] == 0
    assert expected[3] - alone[1] == pytest.approx(alone[1] / 99, abs=len(loan.unpaid))
    assert expected[2] == alone[2]


@pytest.mark.parametrize(
    ("late_fee_cents", "interest_cents", "principal_cents"),
    [(0, 0, 500_00), (0, 55_00, 0), (0, 20_00, 80_00)],
)
def test_what_is_forgiven_is_what_the_charges_fall_by(
    late_fee_cents: int, interest_cents: int, principal_cents: int
) -> None:
    loan, on = a_loan(), date(2026, 2, 28)
    forgiven = Forgiveness(late_fee_cents, interest_cents, principal_cents)

    after = hardship.forgive(loan, forgiven=forgiven, on=on)

    assert charged_cents(loan, on=on) - charged_cents(after, on=on) == forgiven.total_cents


def test_charges_grow_with_the_days_and_not_with_the_plan() -> None:
    loan = a_loan()

    charged = [charged_cents(loan, on=MADE_ON + timedelta(days=days)) for days in (0, 14, 28, 29)]

    assert charged[0] == 0
    assert charged[1] == 27_50
    assert charged[2] == 55_00
    assert charged[3] > 55_00


@pytest.mark.parametrize(
    ("on", "left"),
    [
        (FIRST, []),
        (FIRST + timedelta(days=1), [(FIRST, FIRST)]),
        (LAST, [(FIRST, LAST - timedelta(days=1))]),
        (LAST + timedelta(days=1), [(FIRST, LAST)]),
        (FIRST - timedelta(days=1), [(FIRST, LAST)]),
    ],
)
def test_a_pause_ends_on_the_day_before_and_the_others_stay(on: date, left: list[tuple[date, date]]) -> None:
    other = Pause(LAST + timedelta(days=5), LAST + timedelta(days=9))

    ended = ended_early([Pause(FIRST, LAST), other], on=on)

    assert [(pause.from_on, pause.until_on) for pause in ended] == [*left, (other.from_on, other.until_on)]
