"""Owns the proof that every figure in `docs/money.md` is what the rules give today."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from p2p_reflex.domain import formats
from p2p_reflex.domain.allocation import (
    Allocation,
    Due,
    NoteShare,
    allocate_payment,
    payoff_quote,
    split_to_lenders,
)
from p2p_reflex.domain.amortization import Schedule, ScheduleRow, amortization_schedule, remaining_schedule
from p2p_reflex.domain.delinquency import describe
from p2p_reflex.domain.fees import late_fee_cents, origination_fee_cents, reserve_contribution_cents
from p2p_reflex.domain.interest import period_interest_cents
from p2p_reflex.domain.loan_standing import days_late
from p2p_reflex.domain.money import split_cents
from p2p_reflex.domain.order_book import Book, OpenBid, fill
from p2p_reflex.domain.returns import apr, expected_return_rate, servicing_cost_rate
from p2p_reflex.domain.scorecard import describe_card, describe_grades, expected_loss_rate
from p2p_reflex.domain.vocabulary import Grade

PAGE = Path(__file__).parents[2] / "docs" / "money.md"

ASKED_CENTS = 10_000_00
DISBURSED_ON = date(2026, 1, 31)
PAID_ON = date(2026, 4, 20)
PAID_CENTS = 2_000_00
QUOTED_ON = date(2026, 5, 15)
LENDERS = (
    ("Maya R.", 1_500, "0.104", False),
    ("BalancedChoice Finance (bot)", 4_000, "0.1075", True),
    ("Tomas K.", 600, "0.109", False),
    ("Aisha D.", 3_000, "0.109", False),
    ("Ingrid S.", 2_400, "0.1125", False),
    ("Joel P.", 1_500, "0.116", False),
)


def book() -> Book:
    return fill(
        asked_cents=ASKED_CENTS,
        bids=[
            OpenBid(number, number, dollars * 100, Decimal(rate), is_bot, number)
            for number, (_, dollars, rate, is_bot) in enumerate(LENDERS)
        ],
    )


def average_rate() -> Decimal:
    average = book().average_rate
    assert average is not None
    return average


def schedule() -> Schedule:
    return amortization_schedule(
        principal_cents=ASKED_CENTS, annual_rate=average_rate(), term_months=12, disbursed_on=DISBURSED_ON
    )


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def planned(item: ScheduleRow) -> str:
    amounts = (item.principal_cents, item.interest_cents, item.payment_cents, item.balance_cents)
    return row(item.number, formats.long_date(item.due_on), *(formats.money(cents) for cents in amounts))


def payment() -> Allocation:
    rows = schedule()
    late_cents = late_fee_cents(unpaid_cents=rows[1].payment_cents)
    dues = [
        Due(
            item.number,
            item.due_on,
            late_cents if item.number == 2 else 0,
            item.interest_cents,
            item.principal_cents,
        )
        for item in rows[1:]
    ]
    return allocate_payment(
        amount_cents=PAID_CENTS,
        dues=dues,
        business_on=PAID_ON,
        outstanding_principal_cents=rows[0].balance_cents,
    )


def left_cents() -> int:
    return schedule()[0].balance_cents - payment().principal_cents


def splitting() -> list[str]:
    parts = split_cents(100_00, [1, 1, 1])
    return [f"$100.00 in three equal parts is {', '.join(formats.money(part) for part in parts)}."]


def bids() -> list[str]:
    return [
        row(
            LENDERS[lead.bid.bid_id][0],
            formats.whole_money(lead.bid.amount_cents),
            formats.rate(lead.bid.rate),
            formats.whole_money(lead.leading_cents),
        )
        for lead in book().leads
    ]


def weighted_rate() -> list[str]:
    return [
        f"The average is {average_rate()}, shown as {formats.rate(average_rate())}; "
        f"the marginal bid stands at {formats.rate(book().marginal_rate or 0)}."
    ]


def installments() -> list[str]:
    return [planned(item) for item in schedule()]


def cost() -> list[str]:
    fee_cents = origination_fee_cents(principal_cents=ASKED_CENTS, grade=Grade.B)
    rate = apr(
        net_proceeds_cents=ASKED_CENTS - fee_cents, payments_cents=[item.payment_cents for item in schedule()]
    )
    return [
        row("origination fee, grade B, 2 %", formats.money(fee_cents)),
        row(
            "of it to the reserve fund, 25 %", formats.money(reserve_contribution_cents(fee_cents=fee_cents))
        ),
        row("the borrower receives", formats.money(ASKED_CENTS - fee_cents)),
        row("interest over the term", formats.money(schedule().interest_cents)),
        row("nominal rate", formats.rate(average_rate())),
        row("APR", formats.rate(rate)),
    ]


def lateness() -> list[str]:
    due = schedule()[1]
    days = days_late(due_on=due.due_on, on=PAID_ON, pauses=())
    fee_cents = late_fee_cents(unpaid_cents=due.payment_cents)
    return [
        f"On {formats.long_date(PAID_ON)} the installment of {formats.long_date(due.due_on)} is "
        f'unpaid: "{describe(days)}". 5 % of {formats.money(due.payment_cents)} is '
        f"{formats.money(fee_cents)}, more than $15, so that is the late fee."
    ]


def allocation() -> list[str]:
    paid = payment()
    lines = [
        row(
            f"installment {part.number}",
            formats.money(part.late_fee_cents),
            formats.money(part.interest_cents),
            formats.money(part.principal_cents),
        )
        for part in paid.parts
    ]
    nothing = formats.money(0)
    lines.append(row("ahead of time", nothing, nothing, formats.money(paid.prepaid_principal_cents)))
    totals = (paid.late_fee_cents, paid.interest_cents, paid.principal_cents)
    lines.append(row("together", *(formats.money(cents) for cents in totals)))
    return lines


def lenders_parts() -> list[str]:
    leading = book().leading
    first = schedule()[0]
    repaid = split_cents(first.principal_cents, [lead.leading_cents for lead in leading])
    notes = [
        NoteShare(lead.bid.bid_id, lead.leading_cents - principal, lead.bid.rate)
        for lead, principal in zip(leading, repaid, strict=True)
    ]
    paid = payment()
    parts = split_to_lenders(
        principal_cents=paid.principal_cents,
        interest_cents=paid.interest_cents,
        late_fee_cents=paid.late_fee_cents,
        notes=notes,
    )
    lines = [
        row(
            LENDERS[part.note_id][0],
            formats.money(part.principal_cents),
            formats.money(part.interest_cents),
            formats.money(part.late_fee_cents),
            formats.money(-part.servicing_fee_cents),
            formats.money(part.net_cents),
        )
        for part in parts
    ]
    fees_cents = sum(part.servicing_fee_cents for part in parts)
    net_cents = sum(part.net_cents for part in parts)
    assert net_cents + fees_cents == PAID_CENTS
    totals = (paid.principal_cents, paid.interest_cents, paid.late_fee_cents, -fees_cents, net_cents)
    lines.append(row("together", *(formats.money(cents) for cents in totals)))
    return lines


def choices() -> list[str]:
    rows = schedule()
    lines = []
    for words, kept in (("keep the installment", rows[0].payment_cents), ("keep the term", None)):
        later = remaining_schedule(
            balance_cents=left_cents(),
            annual_rate=average_rate(),
            due_on=[item.due_on for item in rows[3:]],
            period_start_on=rows[2].due_on,
            installment_cents=kept,
            first_number=4,
        )
        lines.append(
            row(
                words,
                len(later),
                formats.money(later[0].payment_cents),
                formats.money(later[-1].payment_cents),
                formats.long_date(later[-1].due_on),
                formats.money(sum(item.interest_cents for item in later)),
            )
        )
    return lines


def payoff() -> list[str]:
    rows = schedule()
    period = {"start_on": rows[2].due_on, "end_on": rows[3].due_on}
    month_cents = period_interest_cents(balance_cents=left_cents(), annual_rate=average_rate(), **period)
    quote = payoff_quote(
        outstanding_principal_cents=left_cents(),
        dues=[],
        current_period_start_on=period["start_on"],
        current_period_end_on=period["end_on"],
        current_period_interest_cents=month_cents,
        current_period_interest_paid_cents=0,
        business_on=QUOTED_ON,
    )
    return [
        row("principal", formats.money(quote.principal_cents)),
        row(
            f"interest, {quote.accrued_days} of 31 days of {formats.money(month_cents)}",
            formats.money(quote.interest_cents),
        ),
        row("fees", formats.money(quote.late_fee_cents)),
        row(f"payoff, good on {formats.long_date(quote.good_until)}", formats.money(quote.total_cents)),
    ]


def return_to_expect() -> list[str]:
    rate = Decimal("0.1125")
    fee_rate = servicing_cost_rate(rate=rate, term_months=12)
    loss_rate = expected_loss_rate(Grade.B, 12)
    net_rate = expected_return_rate(rate=rate, grade=Grade.B, term_months=12)
    return [
        row("rate of the bid", formats.rate(rate)),
        row("servicing fee, as a yearly rate", formats.rate(-fee_rate)),
        row("expected yearly loss, grade B", formats.rate(-loss_rate)),
        row("yearly return to expect", formats.rate(net_rate)),
    ]


def card() -> list[str]:
    return [
        row(
            item.name, item.rule, f"{item.lowest_points} to {item.highest_points}".replace("-", formats.MINUS)
        )
        for item in describe_card()
    ]


def grades() -> list[str]:
    return [
        row(
            item.grade,
            item.words,
            item.from_points,
            formats.rate(item.floor_rate),
            formats.rate(item.loss_rate_36_months),
            formats.rate(item.loss_rate_60_months),
        )
        for item in describe_grades()
    ]


BLOCKS = (
    splitting,
    bids,
    weighted_rate,
    installments,
    cost,
    lateness,
    allocation,
    lenders_parts,
    choices,
    payoff,
    return_to_expect,
    card,
    grades,
)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.__name__)
def test_the_page_shows_what_the_rules_give(block: Callable[[], list[str]]) -> None:
    assert "\n".join(block()) in PAGE.read_text(encoding="utf-8")
