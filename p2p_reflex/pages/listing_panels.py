"""The panel at the right of a listing's page: bid, accept, or why there is nothing to do."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.pages.listing_accept import accept_panel
from p2p_reflex.state.listing import ListingState

STATE = ListingState
STANDING = ListingState.standing
QUOTE = ListingState.quote
LONGEST_MESSAGE = 280


def side_panel() -> rx.Component:
    """Show what this viewer can do here."""
    return rx.match(
        STATE.panel,
        ("bid", _bid_panel()),
        ("accept", accept_panel()),
        ("ended", _ended_panel()),
        ("closed", _closed_panel()),
        ("visitor", _visitor_panel()),
        _watch_panel(),
    )


def _bid_panel() -> rx.Component:
    return ui.card(
        rx.el.div(
            rx.el.div(
                rx.el.p(STANDING.words, class_name="muted"),
                rx.cond(STANDING.lower, rx.el.p(STANDING.lower_words, class_name="t-12 muted")),
                rx.el.div(
                    rx.cond(STANDING.lower, _bid_lower()),
                    rx.cond(
                        STANDING.can_withdraw,
                        ui.danger_button(
                            "Withdraw bid", size="small", on_click=STATE.withdraw_bid(STATE.form_key)
                        ),
                    ),
                    class_name="line-wrap",
                ),
                class_name="stack-12 start",
            ),
            ui.rule(),
            _bid_form(),
            class_name="stack-16",
        ),
        title="Your bid",
        aside=_standing_badge(),
    )


def _bid_lower() -> rx.Component:
    """Offer the same amount at the rate that leads, in one click."""
    again = STANDING.again
    bid = {name: again[name] for name in ("amount", "rate", "message")} | {"form_key": STATE.form_key}
    return ui.secondary_button(
        STANDING.lower, size="small", disabled=STATE.is_busy, on_click=STATE.place_bid(bid)
    )


def _standing_badge() -> rx.Component:
    return rx.cond(STANDING.badge, ui.badge(STANDING.badge_kind, STANDING.badge), rx.fragment())


def _bid_form() -> rx.Component:
    return rx.el.form(
        rx.el.input(type="hidden", name="form_key", value=STATE.form_key),
        ui.money_field(
            "Bid amount",
            name="amount",
            value=STATE.bid_amount,
            on_change=STATE.type_amount,
            error=STATE.errors["amount"],
            limits="$25 or more",
        ),
        ui.rate_field(
            "Bid rate (%)",
            name="rate",
            value=STATE.bid_rate,
            on_change=STATE.type_rate,
            error=STATE.errors["rate"],
            limits=STATE.rate_limits,
            aside=rx.cond(
                QUOTE.lead_in_full,
                rx.el.button(
                    QUOTE.lead_in_full, type="button", class_name="link num", on_click=STATE.lead_in_full
                ),
                rx.fragment(),
            ),
        ),
        ui.notice(QUOTE.fact, QUOTE.then, kind=QUOTE.kind, live=True),
        ui.text_field(
            "Message to the borrower",
            name="message",
            value=STATE.bid_message,
            on_change=STATE.type_message,
            error=STATE.errors["message"],
            aside="if you like",
            max_length=LONGEST_MESSAGE,
            auto_complete="off",
        ),
        ui.rule(),
        ui.key_values(
            ui.pair(QUOTE.rate_label, QUOTE.rate),
            ui.pair("Servicing fee", QUOTE.servicing),
            ui.pair(rx.fragment("Expected yearly loss, grade ", STATE.facts.grade), QUOTE.loss),
            ui.pair("Yearly return you can expect", QUOTE.expected, kind="outcome return"),
        ),
        rx.el.div(
            ui.primary_button(
                "Place bid", type_="submit", full=True, busy=STATE.is_busy, busy_label="Placing bid"
            ),
            rx.el.p(
                QUOTE.hold,
                rx.cond(QUOTE.needs_money, rx.fragment(" ", ui.link("Add money", "/wallet")), rx.fragment()),
                class_name="t-12 muted",
            ),
            class_name="stack-8",
        ),
        on_submit=STATE.place_bid,
        no_validate=True,
        class_name="stack-16",
    )


def _ended_panel() -> rx.Component:
    return ui.card(
        rx.el.div(
            rx.el.p(STATE.ending_note, class_name="muted"),
            rx.cond(
                STATE.loan_href,
                ui.link_button("See the loan", STATE.loan_href, kind="solid", full=True),
                rx.cond(
                    STATE.is_own,
                    ui.link_button("Back to borrowing", "/borrow", full=True),
                    ui.link_button("Look at the market", "/market", full=True),
                ),
            ),
            class_name="stack-16",
        ),
        title=STATE.ending,
    )


def _closed_panel() -> rx.Component:
    return ui.card(
        rx.el.div(
            rx.el.p(STANDING.words, class_name="muted"),
            ui.notice(STATE.refusal, "The borrower decides next.", icon_name="clock"),
            class_name="stack-16",
        ),
        title="Your bid",
        aside=_standing_badge(),
    )


def _visitor_panel() -> rx.Component:
    return ui.card(
        rx.el.div(
            rx.el.p(
                "Lend a part of this, from $25. You say the rate; the lowest rates lead, and everyone who "
                "leads is paid the rate they bid.",
                class_name="muted",
            ),
            rx.el.div(
                ui.link_button("Sign in to bid", STATE.sign_in_href, kind="solid", full=True),
                ui.link_button("Create account", "/register?role=lender", full=True),
                class_name="stack-8",
            ),
            class_name="stack-16",
        ),
        title="Would you lend to this?",
    )


def _watch_panel() -> rx.Component:
    return ui.card(
        rx.el.p(STATE.refusal, class_name="muted"),
        title="You are looking on",
    )
