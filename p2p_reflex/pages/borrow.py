"""A borrower's home: what is due, what is owed, what was asked for, and what is over."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.borrow import BorrowState, ListingRow, LoanRow, PastRow
from p2p_reflex.state.frame import FrameState

STATE = BorrowState

LOAN_COLUMNS = (
    ui.Column("Loan"),
    ui.Column("Owed", "right"),
    ui.Column("Repaid", "right"),
    ui.Column("Rate", "right"),
    ui.Column("Next payment", "right"),
    ui.Column("State", "right"),
)
LISTING_COLUMNS = (
    ui.Column("Listing"),
    ui.Column("Covered"),
    ui.Column("Rate now", "right"),
    ui.Column("Ends", "right"),
    ui.Column("State", "right"),
)
HISTORY_COLUMNS = (
    ui.Column("What it was"),
    ui.Column("Amount", "right"),
    ui.Column("Ended", "right"),
    ui.Column("Outcome", "right"),
)


@rx.page(route="/borrow", title="Borrowing", on_load=[FrameState.load, BorrowState.load])
def borrow() -> rx.Component:
    """Lay out the figures, the next payment and the lists behind them."""
    return ui.frame(
        ui.loaded(
            STATE.loaded,
            rx.cond(STATE.is_new, _welcome(), _home()),
            ui.card(ui.skeleton_rows(8, 32)),
        ),
        title="Borrowing",
        purpose="What is due, what you owe, and how your listings are doing.",
        actions=rx.cond(STATE.loaded & ~STATE.is_new, _start("solid")),
        active="/borrow",
    )


def _welcome() -> rx.Component:
    return ui.card(
        ui.empty_state(
            "Nothing borrowed yet",
            "Say what you need and what you would pay at most. Lenders then compete for your loan, "
            "and nothing is binding until you accept.",
            _start("solid"),
            icon_name="landmark",
        )
    )


def _start(kind: str) -> rx.Component:
    return ui.link_button("Start a listing", "/borrow/new", kind=kind, icon_name="plus")


def _home() -> rx.Component:
    return rx.el.div(
        ui.strip(
            ui.figure("You owe", STATE.owed, STATE.owed_note),
            ui.figure("Each month", STATE.monthly, STATE.monthly_note),
            ui.figure("You ask for", STATE.asked, STATE.asked_note),
            ui.figure("Interest paid", STATE.interest_paid, "since your first loan"),
        ),
        rx.el.div(
            rx.el.div(_next_payment(), class_name="panel"),
            rx.el.div(
                rx.cond(STATE.loans.length() > 0, _loans()), _listings(), _history(), class_name="facts"
            ),
            class_name="with-panel",
        ),
        class_name="stack",
    )


def _next_payment() -> rx.Component:
    due = STATE.next_payment
    return ui.card(
        rx.cond(
            due["href"],
            rx.el.div(
                rx.el.div(
                    rx.el.div(due["amount"], class_name="t-28 num"),
                    rx.el.div(
                        due["due_on"], ", ", rx.el.b(due["due_away"], class_name="w-600"), class_name="num"
                    ),
                ),
                rx.el.div("for ", ui.link(due["title"], due["href"]), class_name="muted"),
                rx.cond(due["kind"] != "good", rx.el.div(ui.badge(due["kind"], due["state"]))),
                rx.cond(
                    due["is_short"],
                    ui.notice("Your wallet is short.", due["how"], kind="warning"),
                    rx.el.p(due["how"], class_name="t-12 muted"),
                ),
                ui.link_button("See the loan and pay", due["href"], full=True),
                class_name="stack-12",
            ),
            rx.el.p(
                "Nothing is due. The first payment comes one month after you accept the offers on a listing.",
                class_name="muted",
            ),
        ),
        title="Next payment",
        region="Next payment",
    )


def _loans() -> rx.Component:
    return ui.card(
        ui.sorted_table(
            LOAN_COLUMNS,
            STATE.loans,
            _loan,
            label="Loans",
            two_lines=True,
        ),
        title="Loans",
        flush=True,
        region="Loans",
    )


def _loan(row: rx.vars.ObjectVar[LoanRow]) -> rx.Component:
    return ui.row(
        ui.lead_cell(
            row["title"],
            href=row["href"],
            grade=row["grade"],
            under=row["under"],
            phone_under=row["phone_under"],
        ),
        ui.number(row["owed"], under=row["of_principal"], strong=True, phone="figure"),
        ui.number(row["repaid"], under=row["paid"]),
        ui.number(row["rate"]),
        ui.number(row["due_on"], under=row["due"]),
        ui.cell(ui.badge(row["kind"], row["state"]), align="right"),
    )


def _listings() -> rx.Component:
    return ui.card(
        ui.sorted_table(
            LISTING_COLUMNS,
            STATE.listings,
            _listing,
            label="Listings",
            two_lines=True,
            empty=ui.empty_state(
                "No open listing",
                "Publish one to see what lenders would offer. You can withdraw it at no cost.",
                icon_name="file_plus",
            ),
        ),
        title="Open listings",
        flush=True,
        region="Open listings",
    )


def _listing(row: rx.vars.ObjectVar[ListingRow]) -> rx.Component:
    return ui.row(
        ui.lead_cell(
            row["title"],
            href=row["href"],
            grade=row["grade"],
            under=row["under"],
            phone_under=_funding(row, row["phone_under"]),
        ),
        ui.cell(
            rx.el.div(_funding(row, row["covered"]), style={"white_space": "nowrap", "min_width": "150px"})
        ),
        ui.number(row["rate"], under=row["bids"], strong=True),
        ui.number(row["ends_on"], under=row["ends_away"]),
        ui.cell(ui.badge(row["kind"], row["state"]), align="right", phone="end"),
        changed=row["changed"],
    )


def _funding(row: rx.vars.ObjectVar[ListingRow], words: rx.Var) -> rx.Component:
    return ui.funding_bar(row["covered_percent"], row["offered_percent"], left=words, small=True)


def _history() -> rx.Component:
    return rx.cond(
        STATE.history_words,
        ui.card(
            ui.sorted_table(
                HISTORY_COLUMNS,
                STATE.history,
                _past,
                label="History",
                pager=rx.cond(
                    (STATE.history_page > 1) | STATE.has_earlier,
                    ui.pager(
                        STATE.history_words,
                        on_previous=STATE.turn_page(-1),
                        on_next=STATE.turn_page(1),
                        has_previous=STATE.history_page > 1,
                        has_next=STATE.has_earlier,
                    ),
                ),
            ),
            title="History",
            flush=True,
            region="History",
        ),
    )


def _past(row: rx.vars.ObjectVar[PastRow]) -> rx.Component:
    return ui.row(
        ui.lead_cell(row["title"], href=row["href"], phone_under=row["ended_on"]),
        ui.number(row["amount"], phone="figure"),
        ui.number(row["ended_on"], muted=True),
        ui.cell(ui.badge(row["kind"], row["outcome"]), align="right", phone="end"),
    )
