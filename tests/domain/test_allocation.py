"""Owns the proof of where a payment goes, to installments and to lenders."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_reflex.domain.allocation import (
    Due,
    NoteShare,
    Part,
    allocate_payment,
    payoff_quote,
    split_to_lenders,
)

TODAY = date(2026, 11, 20)

dues_strategy = st.lists(
    st.tuples(st.integers(0, 3_000), st.integers(0, 20_000), st.integers(0, 60_000)), max_size=8
).flatmap(
    lambda rows: st.integers(-6, 6).map(
        lambda shift: [
            Due(number, TODAY + timedelta(days=30 * (number + shift)), *row)
            for number, row in enumerate(rows, start=1)
        ]
    )
)


def late_and_next():
    return [
        Due(6, date(2026, 10, 3), 15_00, 60_00, 380_00),
        Due(7, date(2026, 11, 3), 0, 57_00, 390_00),
        Due(8, date(2026, 12, 3), 0, 53_00, 394_00),
        Due(9, date(2027, 1, 3), 0, 49_00, 398_00),
    ]


def pay(cents, outstanding=1_562_00):
    return allocate_payment(
        amount_cents=cents, dues=late_and_next(), business_on=TODAY, outstanding_principal_cents=outstanding
    )


def test_the_oldest_installment_is_paid_first_and_in_it_fee_then_interest_then_principal():
    assert pay(10_00).parts == (Part(6, 10_00, 0, 0),)
    assert pay(50_00).parts == (Part(6, 15_00, 35_00, 0),)
    assert pay(100_00).parts == (Part(6, 15_00, 60_00, 25_00),)
    assert pay(500_00).parts == (Part(6, 15_00, 60_00, 380_00), Part(7, 0, 45_00, 0))


def test_only_the_one_next_installment_is_paid_before_money_goes_ahead_to_principal():
    allocation = pay(455_00 + 447_00 + 447_00 + 200_00)

    assert [part.number for part in allocation.parts] == [6, 7, 8]
    assert allocation.prepaid_principal_cents == 200_00
    assert allocation.unused_cents == 0


def test_what_exceeds_the_principal_is_not_used():
    allocation = pay(10_000_00)

    assert allocation.principal_cents == 1_562_00
    assert allocation.unused_cents == 10_000_00 - 1_562_00 - 170_00 - 15_00


def test_the_order_of_the_list_does_not_matter():
    forwards = pay(700_00)

    backwards = allocate_payment(
        amount_cents=700_00,
        dues=late_and_next()[::-1],
        business_on=TODAY,
        outstanding_principal_cents=1_562_00,
    )

    assert backwards == forwards


def test_a_payment_cannot_be_negative():
    with pytest.raises(ValueError, match="cannot be negative"):
        pay(-1)


@given(st.integers(0, 500_000), dues_strategy, st.integers(0, 400_000))
def test_every_cent_of_a_payment_goes_somewhere_and_none_too_far(amount, dues, outstanding):
    allocation = allocate_payment(
        amount_cents=amount, dues=dues, business_on=TODAY, outstanding_principal_cents=outstanding
    )

    by_number = {due.number: due for due in dues}
    assert allocation.total_cents + allocation.unused_cents == amount
    assert allocation.principal_cents <= outstanding
    assert allocation.unused_cents >= 0
    assert allocation.prepaid_principal_cents >= 0
    for part in allocation.parts:
        due = by_number[part.number]
        assert 0 <= part.late_fee_cents <= due.late_fee_cents
        assert 0 <= part.interest_cents <= due.interest_cents
        assert 0 <= part.principal_cents <= due.principal_cents
    assert sum(1 for part in allocation.parts if by_number[part.number].due_on > TODAY) <= 1


notes_strategy = st.lists(
    st.tuples(st.integers(0, 10**7), st.integers(0, 360_000)), min_size=1, max_size=30
).map(
    lambda rows: [
        NoteShare(number, outstanding, Decimal(rate).scaleb(-6))
        for number, (outstanding, rate) in enumerate(rows, start=1)
    ]
)


@given(st.integers(0, 10**7), st.integers(0, 10**6), st.integers(0, 10**5), notes_strategy)
def test_lenders_parts_sum_exactly_to_the_payment(principal, interest, late_fee, notes):
    parts = split_to_lenders(
        principal_cents=principal, interest_cents=interest, late_fee_cents=late_fee, notes=notes
    )

    assert [part.note_id for part in parts] == [note.note_id for note in notes]
    assert sum(part.principal_cents for part in parts) == principal
    assert sum(part.interest_cents for part in parts) == interest
    assert sum(part.late_fee_cents for part in parts) == late_fee
    net = sum(part.net_cents for part in parts)
    assert net + sum(part.servicing_fee_cents for part in parts) == principal + interest + late_fee
    assert all(part.net_cents >= 0 and part.servicing_fee_cents >= 0 for part in parts)


@given(notes_strategy, st.data())
def test_no_note_is_repaid_more_than_it_is_owed(notes, data):
    owed = sum(note.outstanding_cents for note in notes)
    principal = data.draw(st.integers(0, owed))

    parts = split_to_lenders(principal_cents=principal, interest_cents=0, late_fee_cents=0, notes=notes)

    for part, note in zip(parts, notes, strict=True):
        assert part.principal_cents <= note.outstanding_cents or owed == 0


def test_interest_follows_the_rate_of_each_note_and_the_rest_its_principal():
    notes = [NoteShare(1, 1_000_00, Decimal("0.10")), NoteShare(2, 1_000_00, Decimal("0.20"))]

    parts = split_to_lenders(principal_cents=100_00, interest_cents=30_00, late_fee_cents=15_00, notes=notes)

    assert [(p.principal_cents, p.interest_cents, p.late_fee_cents) for p in parts] == [
        (50_00, 10_00, 7_50),
        (50_00, 20_00, 7_50),
    ]
    assert [p.servicing_fee_cents for p in parts] == [68, 78]
    assert [p.net_cents for p in parts] == [66_82, 76_72]


def test_notes_that_are_owed_nothing_still_share_what_comes():
    notes = [NoteShare(1, 0, Decimal("0.10")), NoteShare(2, 0, Decimal("0.30"))]

    parts = split_to_lenders(principal_cents=0, interest_cents=4_00, late_fee_cents=15_00, notes=notes)

    assert [part.interest_cents for part in parts] == [1_00, 3_00]
    assert [part.late_fee_cents for part in parts] == [7_50, 7_50]


def test_notes_without_a_rate_share_by_principal():
    notes = [NoteShare(1, 100_00, Decimal(0)), NoteShare(2, 300_00, Decimal(0))]

    parts = split_to_lenders(principal_cents=0, interest_cents=4_00, late_fee_cents=0, notes=notes)

    assert [part.interest_cents for part in parts] == [1_00, 3_00]


def quote(business_on, dues, *, paid=0):
    return payoff_quote(
        outstanding_principal_cents=6_240_43,
        dues=dues,
        current_period_start_on=date(2026, 11, 3),
        current_period_end_on=date(2026, 12, 3),
        current_period_interest_cents=56_37,
        current_period_interest_paid_cents=paid,
        business_on=business_on,
    )


NEXT = [Due(10, date(2026, 12, 3), 0, 56_37, 390_35), Due(11, date(2027, 1, 3), 0, 52_85, 5_850_08)]


def test_a_payoff_is_principal_and_the_interest_of_the_days_so_far():
    today = quote(TODAY, NEXT)

    assert (today.principal_cents, today.interest_cents, today.late_fee_cents) == (6_240_43, 31_94, 0)
    assert (today.total_cents, today.accrued_days, today.good_until) == (6_272_37, 17, TODAY)


def test_a_payoff_adds_overdue_interest_and_fees_but_never_interest_twice():
    overdue = [Due(9, date(2026, 11, 3), 22_34, 59_87, 386_85), *NEXT]

    assert quote(TODAY, overdue).interest_cents == 59_87 + 31_94
    assert quote(TODAY, overdue).late_fee_cents == 22_34
    assert quote(date(2026, 12, 3), NEXT).interest_cents == 56_37
    assert quote(date(2026, 12, 9), NEXT).interest_cents == 56_37


def test_interest_paid_before_it_accrued_is_not_asked_for_again():
    assert quote(TODAY, NEXT, paid=10_00).interest_cents == 21_94
    assert quote(TODAY, NEXT, paid=56_37).interest_cents == 0
