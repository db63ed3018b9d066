"""One loan: how far it is, what comes next, every payment, and paying; each person sees their part."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.components.downloads import download_item, download_menu
from p2p_reflex.pages.loan_admin import admin_panel
from p2p_reflex.pages.loan_lists import notes, payments, schedule, timeline
from p2p_reflex.pages.loan_panels import borrower_panel, ended, own_notes, servicing
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.loan import LoanScreenState

STATE = LoanScreenState
LOAN = LoanScreenState.shown


@rx.page(route="/loans/[loan_id]", title="Loan", on_load=[FrameState.load, LoanScreenState.load])
def loan() -> rx.Component:
    """Lay out the facts, the panel beside them, and the lists beneath."""
    return ui.frame(
        ui.missing(
            STATE.missing,
            ui.loaded(STATE.loaded, _content(), _waiting()),
            back=ui.link_button("Back to the start", FrameState.home),
        ),
        title=rx.cond(LOAN.title, LOAN.title, "Loan"),
        purpose=rx.cond(STATE.missing, "", LOAN.purpose),
        actions=rx.cond(
            LOAN.badge & ~STATE.missing,
            rx.el.div(
                ui.badge(LOAN.badge_kind, LOAN.badge),
                ui.link_button("See the listing", LOAN.listing_href),
                download_menu(
                    "Statement",
                    download_item("As PDF", LOAN.statement_path + ".pdf"),
                    download_item("As CSV, for spreadsheets", LOAN.statement_path + ".csv"),
                ),
                class_name="line-wrap",
            ),
        ),
        breadcrumb=(
            (
                rx.cond(LOAN.home_name, LOAN.home_name, "Home"),
                rx.cond(LOAN.viewer == "admin", "/admin/loans", FrameState.home),
            ),
            ("Loan", ""),
        ),
        active=("/borrow", "/portfolio", "/admin/loans"),
    )


def _waiting() -> rx.Component:
    return rx.el.div(
        rx.el.div(ui.card(ui.skeleton_rows(3, 40)), class_name="facts"),
        rx.el.div(ui.card(ui.skeleton_rows(6, 32)), class_name="panel"),
        rx.el.div(ui.card(ui.skeleton_rows(8, 32)), class_name="rest"),
        class_name="with-panel",
    )


def _content() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.cond(
                LOAN.pause_words,
                ui.notice("Lateness is paused.", LOAN.pause_words, icon_name="circle_pause"),
            ),
            _facts(),
            class_name="facts",
        ),
        # Three cards are taller than the screen, so this panel scrolls with the page.
        rx.el.div(
            rx.match(
                LOAN.viewer,
                ("borrower", rx.cond(LOAN.is_payable, borrower_panel(), ended())),
                ("lender", own_notes()),
                rx.fragment(servicing(), admin_panel()),
            ),
            class_name="panel",
            custom_attrs={"style": {"position": "static", "maxHeight": "none", "overflow": "visible"}},
        ),
        rx.el.div(_balance(), schedule(), payments(), timeline(), notes(), class_name="rest"),
        class_name="with-panel",
    )


def _facts() -> rx.Component:
    return ui.strip(
        rx.foreach(LOAN.figures, lambda each: ui.figure(each.label, each.number, each.note)),
        below=rx.el.div(
            rx.el.div(
                rx.el.span(
                    rx.el.b(LOAN.progress, class_name="w-600"),
                    " ",
                    rx.el.span(LOAN.progress_note),
                    class_name="muted",
                ),
                rx.el.span(LOAN.progress_share, class_name="muted num"),
                class_name="between t-12",
                style={"flex_wrap": "wrap", "margin_bottom": "8px"},
            ),
            ui.installments_bar(LOAN.dashes),
        ),
    )


def _balance() -> rx.Component:
    return ui.card(
        ui.chart(STATE.chart, height=172),
        title="Balance",
        aside=rx.cond(
            LOAN.is_open,
            ui.legend(("1", "So far"), ("4", "Planned"), is_line=True),
            ui.legend(("1", "So far"), is_line=True),
        ),
    )
