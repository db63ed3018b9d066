"""The ledger: money that waits to be confirmed, the journal entry by entry, and the laws of the books."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.pages.admin_overview import law_row
from p2p_reflex.state.admin_ledger import KINDS, AdminLedgerState
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.ledger_lines import DecidedLine, JournalLine, WaitingLine

STATE = AdminLedgerState
COLUMNS = (
    ui.Column("Business day"),
    ui.Column("What moved"),
    ui.Column("Amount", "right"),
)


@rx.page(route="/admin/ledger", title="Ledger", on_load=[FrameState.load, AdminLedgerState.load])
def admin_ledger() -> rx.Component:
    """Lay out what waits, the journal and the laws."""
    return ui.frame(
        ui.loaded(
            STATE.loaded,
            rx.el.div(_waiting(), _journal(), _laws(), class_name="stack"),
            rx.el.div(ui.card(ui.skeleton(120)), ui.card(ui.skeleton_rows(12, 40)), class_name="stack"),
        ),
        _confirm_dialog(),
        _refuse_dialog(),
        title="Ledger",
        purpose="Money that waits to be confirmed, and every entry that was ever made.",
        active="/admin/ledger",
    )


def _waiting() -> rx.Component:
    return ui.card(
        rx.cond(
            STATE.waiting.length() > 0,
            rx.el.ul(rx.foreach(STATE.waiting, _waits), class_name="written-lines ledger-waits"),
            rx.el.div(
                ui.notice(
                    "Nothing waits.",
                    rx.cond(
                        STATE.is_by_admin,
                        "Deposits and withdrawals stand here until an admin confirms or refuses them.",
                        "Money in and out is confirmed at once here; the setting P2P_CONFIRM_MONEY decides.",
                    ),
                    kind="good",
                    icon_name="check",
                ),
                class_name="card-pad",
            ),
        ),
        rx.cond(
            STATE.decided.length() > 0,
            rx.el.details(
                rx.el.summary("Decided lately", class_name="t-12 w-500"),
                rx.el.ul(rx.foreach(STATE.decided, _decided), class_name="stack-8 decided-lines"),
                class_name="card-pad",
            ),
        ),
        title="Waiting to be confirmed",
        aside=rx.cond(STATE.waiting.length() > 0, ui.badge("warning", STATE.waiting.length().to_string())),
        flush=True,
        region="Waiting to be confirmed",
    )


def _waits(line: rx.vars.ObjectVar[WaitingLine]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                rx.el.span(line.words, class_name="w-500"),
                rx.el.span(line.amount, class_name="w-600 num"),
                class_name="line-wrap",
            ),
            rx.el.p(line.under, class_name="t-12 muted"),
            rx.cond(line.second != "", rx.el.p(line.second, class_name="t-12 amber")),
            class_name="written",
        ),
        rx.el.div(
            ui.button("Refuse", size="small", on_click=STATE.ask_about(line.id, "refuse")),
            rx.cond(
                line.may_confirm,
                ui.button(
                    "Confirm", kind="solid", size="small", on_click=STATE.ask_about(line.id, "confirm")
                ),
            ),
            class_name="line",
        ),
    )


def _decided(line: rx.vars.ObjectVar[DecidedLine]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(line.words, class_name="w-500"),
            rx.el.p(line.under, class_name="t-12 muted"),
        ),
        rx.el.div(
            rx.el.span(line.amount, class_name="num"), ui.badge(line.kind, line.word), class_name="line"
        ),
        class_name="between",
    )


def _journal() -> rx.Component:
    return ui.card(
        _filters(),
        ui.sorted_table(
            COLUMNS,
            STATE.lines,
            _transaction,
            label="Journal",
            two_lines=True,
            empty=ui.empty_state(
                "No transaction matches", "Take a filter away to see more.", icon_name="search"
            ),
            pager=ui.pager(
                STATE.range_words,
                on_previous=STATE.turn_page(-1),
                on_next=STATE.turn_page(1),
                has_previous=STATE.has_previous,
                has_next=STATE.has_next,
            ),
        ),
        title="Journal",
        note="The newest first. It only grows: what was a mistake is reversed, never changed.",
        flush=True,
        region="Journal",
    )


def _filters() -> rx.Component:
    return rx.el.div(
        ui.search_field("Search member", value=STATE.member, on_change=STATE.search_for),
        ui.select_field(
            "Kind",
            KINDS,
            name="kind",
            value=STATE.kind_choice,
            on_change=STATE.choose_kind,
            placeholder="Any kind",
            hide_label=True,
        ),
        *(
            ui.text_field(
                label,
                name=name,
                type_="date",
                unit_left=label,
                value=value,
                on_change=handler,
                error=STATE.errors[name],
            )
            for label, name, value, handler in (
                ("From", "from_day", STATE.from_day, STATE.choose_from),
                ("Until", "until_day", STATE.until_day, STATE.choose_until),
            )
        ),
        role="search",
        class_name="filters journal-filters",
        custom_attrs={"aria-label": "Journal"},
    )


def _transaction(line: rx.vars.ObjectVar[JournalLine]) -> rx.Component:
    return ui.row(
        ui.cell(rx.el.span(line.on, class_name="num"), under=line.number),
        ui.cell(
            rx.el.div(
                rx.el.span(line.words, class_name="w-500"),
                rx.cond(
                    line.href != "",
                    ui.link(line.title, line.href),
                ),
                class_name="line-wrap",
            ),
            rx.el.p(line.under, class_name="t-12 muted only-wide"),
            rx.el.p(line.on, ", ", line.number, class_name="t-12 muted only-phone"),
            rx.el.ul(
                rx.foreach(line.moved, lambda words: rx.el.li(words)),
                class_name="t-12 entry-words",
            ),
            rx.cond(
                line.left != "",
                ui.quiet_button(line.left, size="small", on_click=STATE.show_entries(line.id)),
            ),
            phone="lead",
        ),
        ui.number(line.amount, strong=True, phone="figure"),
    )


def _laws() -> rx.Component:
    return ui.card(
        rx.el.ol(rx.foreach(STATE.laws, law_row), class_name="stack-8"),
        title="Laws of the books",
        aside=rx.cond(
            STATE.are_all_kept, ui.badge("done", STATE.laws_word), ui.badge("bad", STATE.laws_word)
        ),
        region="Laws of the books",
    )


def _confirm_dialog() -> rx.Component:
    line = STATE.chosen
    return ui.money_dialog(
        ui.pair("Amount", line.amount, kind="strong"),
        is_open=STATE.asks == "confirm",
        on_open_change=lambda is_open: STATE.ask_about(0, ""),
        title=rx.cond(line.is_deposit, "Confirm this deposit", "Confirm this withdrawal"),
        text=rx.cond(
            line.is_deposit,
            line.words + " it. Confirm only what has arrived at the bank: it can be used at once.",
            line.words + " it. Once it is confirmed it has left the wallet for good.",
        ),
        extra=rx.cond(
            line.second != "", rx.el.div(ui.notice(line.second, kind="warning"), class_name="dialog-extra")
        ),
        confirm=rx.Var.create("Confirm ") + line.amount,
        on_confirm=STATE.confirm,
        busy=STATE.is_deciding,
        busy_label="Confirming",
    )


def _refuse_dialog() -> rx.Component:
    line = STATE.chosen
    return ui.money_dialog(
        ui.pair("Amount", line.amount, kind="strong"),
        is_open=STATE.asks == "refuse",
        on_open_change=lambda is_open: STATE.ask_about(0, ""),
        title=rx.cond(line.is_deposit, "Refuse this deposit", "Refuse this withdrawal"),
        text=rx.cond(
            line.is_deposit,
            "Nothing is added to the wallet. The member reads the reason.",
            "What is held is free again. The member reads the reason.",
        ),
        extra=rx.el.div(
            ui.text_field(
                "Reason",
                name="reason",
                value=STATE.reason,
                on_change=STATE.type_reason,
                error=STATE.errors["reason"],
                max_length=200,
            ),
            class_name="dialog-extra",
        ),
        confirm=rx.Var.create("Refuse ") + line.amount,
        on_confirm=STATE.refuse,
        busy=STATE.is_deciding,
        busy_label="Refusing",
        is_danger=True,
    )
