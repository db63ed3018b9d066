"""Owns the proof that every figure in `docs/servicing.md` is what the rules give today."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from p2p_reflex.domain import formats, hardship
from p2p_reflex.domain.ladder import Window
from p2p_reflex.domain.loan_life import FundPart, LoanEvent, LoanLife, LoanTerms, opening, rework
from p2p_reflex.domain.loan_standing import (
    HeldNote,
    LoanStanding,
    Pause,
    days_late,
    ended_early,
    first_day_late,
)
from p2p_reflex.domain.money import split_cents
from p2p_reflex.domain.repayment import quote_payoff
from p2p_reflex.domain.vocabulary import LadderStep, LoanEventKind

PAGE = Path(__file__).parents[2] / "docs" / "servicing.md"

MADE_ON = date(2026, 1, 31)
NAMES = {1: "Maya R.", 2: "Tomas K.", 3: "reserve fund, from Maya R.", 4: "reserve fund, from Tomas K."}
NOTES = (
    HeldNote(1, 1, 4_000_00, Decimal("0.10"), 4_000_00),
    HeldNote(2, 2, 2_000_00, Decimal("0.13"), 2_000_00),
)
TERMS = LoanTerms(6_000_00, Decimal("0.11"), 12, MADE_ON, NOTES)
FUND_CENTS = 900_00
RECOVERED_CENTS = 1_000_00


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def lived(*events: LoanEvent, through: date) -> LoanLife:
    """Live a loan's life with every night closed up to a day."""
    windows = {step: Window(MADE_ON, through) for step in LadderStep}
    placed = [replace(event, place=place) for place, event in enumerate(events, start=1)]
    return rework(TERMS, events=placed, since=MADE_ON, windows=windows)


def paid(payment_id: int, cents: int, on: date) -> LoanEvent:
    return LoanEvent(kind=LoanEventKind.PAID, effective_on=on, payment_id=payment_id, amount_cents=cents)


def first_due() -> date:
    return opening(TERMS).rows[0].due_on


def level_cents() -> int:
    return opening(TERMS).installment_cents


def terms() -> list[str]:
    first = opening(TERMS).rows[0]
    return [
        f"It is $6,000.00 over 12 months at {formats.rate(TERMS.annual_rate)}, paid out on"
        f" {formats.long_date(MADE_ON)}; each installment is {formats.money(level_cents())}.",
        f"The first, {formats.money(first.interest_cents)} of it interest, is due on"
        f" {formats.long_date(first.due_on)}.",
    ]


def ladder() -> list[str]:
    life = lived(through=first_due() + timedelta(days=150))
    words = {
        LoanEventKind.LATE_FEE: "late fee of installment {number}, {cents}",
        LoanEventKind.DEFAULTED: "default",
        LoanEventKind.CHARGED_OFF: "charge-off",
    }
    lines = []
    for event in life.events:
        days = (event.effective_on - first_due()).days
        told = words[event.kind].format(number=event.number, cents=formats.money(event.amount_cents))
        lines.append(row(formats.long_date(event.effective_on), days, told))
    return lines


def sold() -> LoanEvent:
    """Let the fund buy what its money reaches, on the day of default."""
    parts = split_cents(FUND_CENTS, [note.outstanding_cents for note in NOTES])
    return LoanEvent(
        kind=LoanEventKind.FUND_BOUGHT,
        effective_on=first_due() + timedelta(days=121),
        bought=(FundPart(1, 3, parts[0]), FundPart(2, 4, parts[1])),
    )


def fund() -> list[str]:
    life = lived(sold(), through=first_due() + timedelta(days=121))
    lines = []
    for part in life.events[-1].bought or sold().bought:
        held = next(note for note in life.loan.notes if note.id == part.note_id)
        lines.append(
            row(
                NAMES[part.note_id],
                formats.money(held.principal_cents),
                formats.money(part.cents),
                formats.money(held.outstanding_cents),
            )
        )
    return [
        *lines,
        row("together", "$6,000.00", formats.money(FUND_CENTS), formats.money(6_000_00 - FUND_CENTS)),
    ]


def charged_off() -> LoanStanding:
    return lived(sold(), through=first_due() + timedelta(days=150)).loan


def charge_off() -> list[str]:
    loan = charged_off()
    claim = quote_payoff(loan, business_on=first_due() + timedelta(days=150))
    planned = sum(each.interest_cents for each in opening(TERMS).rows)
    return [
        row("principal", formats.money(claim.principal_cents)),
        row("interest due or accrued by then", formats.money(claim.interest_cents)),
        row("late fees", formats.money(claim.late_fee_cents)),
        row("still owed", formats.money(claim.total_cents)),
        f"Of the {formats.money(planned)} of interest that was planned,"
        f" {formats.money(planned - claim.interest_cents)} is never charged.",
    ]


def recovery() -> list[str]:
    on = first_due() + timedelta(days=200)
    life = lived(sold(), paid(1, RECOVERED_CENTS, on), through=first_due() + timedelta(days=150))
    split = life.payments[1].split
    lines = [
        row(
            NAMES[part.note_id],
            formats.money(part.principal_cents + part.interest_cents + part.late_fee_cents),
            formats.money(part.collection_fee_cents),
            formats.money(part.net_cents),
        )
        for part in split
    ]
    return [
        *lines,
        row(
            "together",
            formats.money(RECOVERED_CENTS),
            formats.money(sum(part.collection_fee_cents for part in split)),
            formats.money(sum(part.net_cents for part in split)),
        ),
    ]


SECOND_ON = date(2026, 3, 31)
ASKED_ON = date(2026, 4, 10)


def with_both() -> LoanLife:
    events = (paid(1, level_cents(), first_due()), paid(2, level_cents(), SECOND_ON))
    return lived(*events, through=ASKED_ON - timedelta(days=1))


def without_the_first() -> LoanLife:
    return lived(paid(2, level_cents(), SECOND_ON), through=ASKED_ON - timedelta(days=1))


def reversal() -> list[str]:
    before, after = with_both().payments[2].repayment, without_the_first().payments[2].repayment
    assert before is not None
    assert after is not None
    lines = [
        row(name, formats.money(getattr(before, field)), formats.money(getattr(after, field)))
        for name, field in (
            ("late fee", "late_fee_cents"),
            ("interest", "interest_cents"),
            ("principal", "principal_cents"),
            ("owed after it", "outstanding_cents"),
        )
    ]
    return [
        *lines,
        row("days past due on 10 Apr 2026", *map(days_past_due, (with_both(), without_the_first()))),
    ]


def days_past_due(life: LoanLife) -> int:
    return life.loan.days_past_due(ASKED_ON)


def adjusting() -> list[str]:
    """Write the legs: the reversal takes the first payment back, the adjustment is for the second."""
    old, new = with_both(), without_the_first()
    lines = []
    totals = [0, 0]
    for note in NOTES:
        reversed_cents = -next(part.net_cents for part in old.payments[1].split if part.note_id == note.id)
        before, after = (
            next(part.net_cents for part in life.payments[2].split if part.note_id == note.id)
            for life in (old, new)
        )
        lines.append(leg(NAMES[note.id], reversed_cents, after - before, totals))
    fees = [
        sum(part.servicing_fee_cents for part in each.split)
        for each in (*old.payments.values(), new.payments[2])
    ]
    lines.append(leg("the platform’s income", -fees[0], fees[2] - fees[1], totals))
    lines.append(leg("the borrower’s wallet", level_cents(), 0, totals))
    assert totals == [0, 0]
    return [*lines, leg("together", 0, 0, [0, 0])]


def leg(name: str, reversed_cents: int, adjusted_cents: int, totals: list[int]) -> str:
    totals[0] += reversed_cents
    totals[1] += adjusted_cents
    total = reversed_cents + adjusted_cents
    return row(name, *map(formats.signed_money, (reversed_cents, adjusted_cents, total)))


def pause() -> list[str]:
    pauses = (Pause(date(2026, 3, 11), date(2026, 4, 9)),)
    fee_on, default_on = (first_day_late(due_on=first_due(), days=days, pauses=pauses) for days in (16, 121))
    late = days_late(due_on=first_due(), on=date(2026, 4, 9), pauses=pauses)
    return [
        f"on 9 Apr 2026 the loan is {late} days past due, not {(date(2026, 4, 9) - first_due()).days};"
        f" its late fee comes on {formats.long_date(fee_on)},"
        f" its default on {formats.long_date(default_on)}."
    ]


def end_of_pause() -> list[str]:
    pauses = ended_early((Pause(date(2026, 3, 11), date(2026, 4, 9)),), on=date(2026, 3, 21))
    late = days_late(due_on=first_due(), on=date(2026, 4, 9), pauses=pauses)
    fee_on = first_day_late(due_on=first_due(), days=16, pauses=pauses)
    return [
        f"on 9 Apr 2026 the loan is {late} days past due; its late fee comes on {formats.long_date(fee_on)}."
    ]


def rate_cut() -> list[str]:
    loan = opening(TERMS)
    cut = hardship.cut_rate(loan, rate=Decimal("0.06"), from_on=date(2026, 2, 14))
    return [
        row(
            "interest of the running installment",
            *money_pair(loan.rows[0].interest_cents, cut.rows[0].interest_cents),
        ),
        row("installment", *money_pair(loan.installment_cents, cut.installment_cents)),
        row("note of Maya R.", *map(formats.rate, (NOTES[0].annual_rate, cut.notes[0].annual_rate))),
        row("note of Tomas K.", *map(formats.rate, (NOTES[1].annual_rate, cut.notes[1].annual_rate))),
    ]


def reschedule() -> list[str]:
    on = date(2026, 4, 10)
    late = lived(through=on).loan
    eased = hardship.reschedule(late, months=24, on=on)
    first = next(each for each in eased.rows if each.due_on > on)
    return [
        row("installments ahead", sum(each.due_on > on for each in late.rows), len(eased.unpaid)),
        row("installment", *money_pair(late.installment_cents, eased.installment_cents)),
        row("principal owed", *money_pair(late.outstanding_cents, eased.outstanding_cents)),
        row("days past due", late.days_past_due(on), eased.days_past_due(on)),
        f"The installment of {formats.long_date(first.due_on)} carries"
        f" {formats.money(first.carried_interest_cents)} of overdue interest and"
        f" {formats.money(first.late_fee_cents)} of late fees.",
    ]


def money_pair(before: int, after: int) -> tuple[str, str]:
    return formats.money(before), formats.money(after)


@pytest.mark.parametrize(
    "lines",
    [
        terms,
        ladder,
        fund,
        charge_off,
        recovery,
        reversal,
        adjusting,
        pause,
        end_of_pause,
        rate_cut,
        reschedule,
    ],
    ids=lambda lines: lines.__name__,
)
def test_the_page_says_what_the_rules_give(lines: Callable[[], list[str]]) -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())

    missing = [line for line in lines() if " ".join(line.split()) not in page]

    assert missing == []
