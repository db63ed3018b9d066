"""The wallet: money in and out, what waits, what is held, and the statement."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.components.downloads import download_button
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.wallet import FILTERS, HeldLine, StatementLine, WaitingLine, WalletState

STATE = WalletState
AMOUNT_ID = "wallet-amount"
COLUMNS = (
    ui.Column("Date"),
    ui.Column("What"),
    ui.Column("Amount", "right"),
    ui.Column("Available after", "right"),
    ui.Column("Held after", "right"),
)


@rx.page(route="/wallet", title="Wallet", on_load=[FrameState.load, WalletState.load])
def wallet() -> rx.Component:
    """Lay out the balances, the panel that moves money, the holds and the statement."""
    return ui.frame(
        rx.el.div(
            rx.el.div(ui.loaded(STATE.loaded, _balances(), ui.card(ui.skeleton(68))), class_name="facts"),
            rx.el.div(_move_money(), class_name="panel"),
            rx.el.div(_waiting(), _holds(), _statement(), class_name="rest"),
            class_name="with-panel",
        ),
        title="Wallet",
        purpose=rx.cond(
            STATE.is_lender,
            "Money in and out, what is held for your bids, and every movement explained.",
            "Money in and out, and every movement explained.",
        ),
        active="/wallet",
    )


def _balances() -> rx.Component:
    return rx.cond(
        STATE.is_lender,
        ui.strip(
            ui.figure("Available", STATE.available, "to bid with or withdraw"),
            ui.figure("Held", STATE.held, STATE.held_note),
            ui.figure("Together", STATE.together, "outside of notes"),
        ),
        ui.strip(
            ui.figure("Available", STATE.available, "to pay with or withdraw"),
            ui.figure("Held", STATE.held, STATE.held_note),
        ),
    )


def _move_money() -> rx.Component:
    typed = rx.Var(f"(document.getElementById('{AMOUNT_ID}')?.value ?? '')", _var_type=str)
    is_busy = STATE.moving != ""
    return ui.card(
        rx.el.form(
            rx.el.input(type="hidden", name="form_key", value=STATE.form_key),
            ui.money_field(
                "Amount",
                name="amount",
                field_id=AMOUNT_ID,
                value=STATE.amount,
                on_change=STATE.type_amount,
                error=STATE.errors["amount"],
                max_length=40,
                help_="From $1 to $1,000,000 at a time.",
            ),
            rx.el.div(
                ui.primary_button(
                    "Add money",
                    type_="submit",
                    busy=STATE.moving == "adding",
                    busy_label="Adding money",
                    disabled=is_busy,
                    full=True,
                ),
                ui.secondary_button(
                    "Withdraw",
                    on_click=STATE.withdraw(typed, STATE.form_key),
                    busy=STATE.moving == "withdrawing",
                    busy_label="Withdrawing",
                    disabled=is_busy,
                    full=True,
                ),
                class_name="stack-8",
            ),
            rx.el.p(
                rx.cond(
                    STATE.is_by_admin,
                    "There is no payment gateway: an admin confirms money in and out. What you withdraw is "
                    "held until then.",
                    "There is no payment gateway: money in and out is recorded and confirmed at once.",
                ),
                class_name="t-12 muted",
            ),
            on_submit=STATE.add_money,
            no_validate=True,
            class_name="stack-16",
        ),
        title="Move money",
        region="Move money",
    )


def _waiting() -> rx.Component:
    return rx.cond(
        STATE.waiting.length() > 0,
        ui.card(
            rx.el.ul(rx.foreach(STATE.waiting, _waits), class_name="stack-12"),
            title="Waiting for an admin",
            region="Waiting for an admin",
        ),
    )


def _waits(row: rx.vars.ObjectVar[WaitingLine]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(row["words"], class_name="w-500"),
            rx.el.div(row["under"], class_name="t-12 muted"),
        ),
        rx.el.div(
            rx.el.span(row["amount"], class_name="w-600 num"),
            ui.button(
                "Cancel",
                size="small",
                on_click=STATE.cancel(row["id"]),
                custom_attrs={
                    "aria-label": "Cancel the "
                    + row["words"].to(str).lower()
                    + " of "
                    + row["amount"].to(str)
                },
            ),
            class_name="line",
        ),
        class_name="between",
    )


def _holds() -> rx.Component:
    return rx.cond(
        STATE.holds.length() > 0,
        ui.card(
            rx.el.div(rx.foreach(STATE.holds, _hold), class_name="stack-12"),
            title="Held for your bids",
            aside=rx.el.span(STATE.held_for_bids, class_name="w-600 num"),
            region="Held for your bids",
        ),
    )


def _hold(row: rx.vars.ObjectVar[HeldLine]) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.div(ui.link(row["title"], row["href"])),
            rx.el.div(row["under"], class_name="t-12 muted"),
        ),
        rx.el.span(row["amount"], class_name="w-600 num"),
        class_name="between",
    )


def _statement() -> rx.Component:
    return ui.card(
        rx.cond(
            STATE.is_unused,
            rx.fragment(),
            rx.el.div(_filters(), class_name="card-pad", style={"padding_top": "0"}),
        ),
        ui.sorted_table(
            COLUMNS,
            STATE.lines,
            _line,
            label="Statement",
            two_lines=True,
            is_loaded=STATE.loaded,
            empty=rx.cond(
                STATE.is_unused,
                ui.empty_state(
                    "No movements yet",
                    "Add money above. Every deposit, bid, loan and payment then stands here, explained.",
                    icon_name="wallet",
                ),
                ui.empty_state(
                    "Nothing of this kind yet", "Choose All to see every movement.", icon_name="wallet"
                ),
            ),
            pager=ui.pager(
                STATE.range_words,
                on_previous=STATE.turn_page(-1),
                on_next=STATE.turn_page(1),
                has_previous=STATE.has_previous,
                has_next=STATE.has_next,
            ),
        ),
        title="Statement",
        aside=download_button("Export", "/api/exports/statement.csv", size="small"),
        flush=True,
        region="Statement",
    )


def _filters() -> rx.Component:
    lender, borrower = (
        ui.segmented("Movements", FILTERS[role], current=STATE.shows, on_change=STATE.show_kind, small=True)
        for role in (Role.LENDER, Role.BORROWER)
    )
    return rx.cond(STATE.is_lender, lender, borrower)


def _line(row: rx.vars.ObjectVar[StatementLine]) -> rx.Component:
    named = rx.cond(
        row["href"],
        ui.anchor(row["words"], href=row["href"], class_name="row-link lead-title"),
        rx.el.span(row["words"], class_name="lead-title w-500"),
    )
    return ui.row(
        ui.cell(rx.el.span(row["on"], class_name="num muted")),
        ui.cell(
            named,
            rx.el.span(row["under"], class_name="under only-wide"),
            rx.el.span(row["phone_under"], class_name="under only-phone"),
            phone="lead",
        ),
        ui.number(row["amount"], strong=True, phone="figure"),
        ui.number(row["available"]),
        ui.number(row["held"], muted=True),
    )
