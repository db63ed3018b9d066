"""Fees: what the platform keeps, from whom and when, worked through in dollars."""

from decimal import Decimal

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.domain import fees, formats, returns
from p2p_reflex.domain.delinquency import GRACE_DAYS
from p2p_reflex.domain.vocabulary import Grade
from p2p_reflex.state.frame import FrameState

EXAMPLE_CENTS = 10_000_00
PAYMENT_CENTS = 200_00
EXAMPLE_RATE, EXAMPLE_MONTHS = Decimal("0.12"), 36
COLUMNS = (
    ui.Column("Grade"),
    ui.Column("Fee", "right"),
    ui.Column(f"Of {formats.whole_money(EXAMPLE_CENTS)}", "right"),
    ui.Column("Received", "right"),
)
FREE_FOR_BORROWERS = (
    "Assessing, publishing and withdrawing a listing",
    "Paying ahead, and paying off early",
    "Adding money and withdrawing it",
)
FREE_FOR_LENDERS = (
    "Bidding, and being outbid",
    "Money that waits in the wallet or is held for a bid",
    "Adding money and withdrawing it",
)


@rx.page(route="/fees", title="Fees", on_load=FrameState.load)
def fees_page() -> rx.Component:
    """Lay out what borrowers pay, what lenders pay, and where it goes."""
    return ui.public_frame(
        rx.el.div(
            ui.page_head("Fees", "One fee for borrowers, one for lenders, and what being late costs."),
            _borrowers(),
            _lenders(),
            _lateness(),
            _whereto(),
            class_name="paper",
        )
    )


def _borrowers() -> rx.Component:
    return ui.card(
        ui.sorted_table(
            COLUMNS, [_origination(grade) for grade in Grade], label="Origination fee", keep_columns=True
        ),
        rx.el.div(_free(FREE_FOR_BORROWERS), class_name="card-foot"),
        title="For borrowers: the origination fee",
        note="Once, when the loan is made, kept of what is paid out. The APR on every listing counts it in.",
        flush=True,
        region="For borrowers",
    )


def _origination(grade: Grade) -> rx.Component:
    fee_cents = fees.origination_fee_cents(principal_cents=EXAMPLE_CENTS, grade=grade)
    return ui.row(
        ui.cell(ui.grade_square(grade.value)),
        ui.number(formats.rate(fees.origination_fee_rate(grade))),
        ui.number(formats.money(fee_cents), muted=True),
        ui.number(formats.money(EXAMPLE_CENTS - fee_cents)),
    )


def _lenders() -> rx.Component:
    fee_cents = fees.servicing_fee_cents(received_cents=PAYMENT_CENTS)
    yearly = returns.servicing_cost_rate(rate=EXAMPLE_RATE, term_months=EXAMPLE_MONTHS)
    return ui.card(
        ui.key_values(
            ui.pair("Kept of each payment a lender receives", formats.rate(fees.SERVICING_FEE_RATE)),
            ui.pair(f"Of a payment of {formats.money(PAYMENT_CENTS)}", formats.money(fee_cents)),
            ui.pair(
                f"A year, on {EXAMPLE_MONTHS} months at {formats.rate(EXAMPLE_RATE)}", formats.rate(yearly)
            ),
            ruled=True,
        ),
        rx.el.p(
            "The return shown beside a bid has the fee and the loss to expect taken off already.",
            class_name="muted",
        ),
        ui.rule(),
        _free(FREE_FOR_LENDERS),
        title="For lenders: the servicing fee",
        region="For lenders",
        custom_attrs={"data-look": "spaced"},
    )


def _lateness() -> rx.Component:
    least = formats.whole_money(fees.LATE_FEE_MINIMUM_CENTS)
    share = formats.share(fees.LATE_FEE_RATE)
    return ui.card(
        ui.key_values(
            ui.pair(f"Late fee, {GRACE_DAYS + 1} days after the due date", f"{share}, {least} at least"),
            ui.pair(
                "Collection fee, of what is recovered", f"{formats.share(fees.COLLECTION_FEE_RATE)} at most"
            ),
            ruled=True,
        ),
        rx.el.p(
            "The late fee is charged once for an installment, on what is unpaid of it, and goes to the "
            "lenders. The collection fee is kept of what comes in after a loan was charged off; the rest "
            "goes to the lenders.",
            class_name="muted",
        ),
        title="When a payment is late",
        region="When a payment is late",
        custom_attrs={"data-look": "spaced"},
    )


def _whereto() -> rx.Component:
    fund = formats.share(fees.RESERVE_SHARE)
    rest = formats.share(1 - fees.RESERVE_SHARE)
    return ui.card(
        rx.el.p(
            f"{fund} of every origination fee goes to the reserve fund, {rest} of it and the whole servicing "
            "fee to the platform. Both stand in the books that anyone may read. The reserve fund is not a "
            "guarantee: lenders can lose money. ",
            ui.link("The books", "/#books"),
            class_name="prose",
        ),
        title="Where it goes",
        region="Where it goes",
    )


def _free(things: tuple[str, ...]) -> rx.Component:
    return rx.el.div(
        rx.el.p("Free", class_name="w-500"),
        rx.el.ul(*(rx.el.li(ui.icon("check"), rx.el.span(thing)) for thing in things), class_name="free"),
        class_name="stack-8",
    )
