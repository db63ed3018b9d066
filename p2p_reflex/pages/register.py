"""Making an account: for those who borrow, with their finances, and for those who lend."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.state.frame import FrameState
from p2p_reflex.state.register import RegisterState

STATE = RegisterState
SIDES = (
    ("borrower", "Borrow", "Ask for a loan and let lenders compete for it."),
    ("lender", "Lend", "Choose loans, bid, and earn interest."),
)
HOMES = (("own", "Own it outright"), ("mortgage", "Own it with a mortgage"), ("rent", "Rent"))


@rx.page(route="/register", title="Create account", on_load=[FrameState.load, RegisterState.load])
def register() -> rx.Component:
    """Lay out the registration card."""
    return ui.public_frame(
        ui.sign_card(
            rx.form(
                ui.radio_group(
                    "What brings you here",
                    SIDES,
                    name="role",
                    value=STATE.role,
                    on_change=STATE.choose_role,
                    look="boxes",
                    error=STATE.errors["role"],
                ),
                _person(),
                rx.cond(STATE.is_borrower, _finances()),
                ui.primary_button(
                    "Create account",
                    type_="submit",
                    busy=STATE.busy,
                    busy_label="Creating account",
                    full=True,
                    size="large",
                ),
                on_submit=STATE.create_account,
                no_validate=True,
                # Pressed before the page is awake, it must not put a password into the address.
                method="post",
                class_name="stack-16",
            ),
            title="Create account",
            purpose="It takes two minutes and costs nothing.",
            below=rx.el.p("Already here? ", ui.link("Sign in", "/login"), class_name="muted"),
        ),
        links=(),
    )


def _person() -> rx.Component:
    return rx.fragment(
        ui.text_field(
            "Full name",
            name="full_name",
            auto_complete="name",
            max_length=120,
            error=STATE.errors["full_name"],
            help_="Others see your first name and one letter.",
        ),
        ui.text_field(
            "Email",
            name="email",
            type_="email",
            auto_complete="username",
            max_length=254,
            error=STATE.errors["email"],
        ),
        ui.password_field(
            is_new=True,
            error=STATE.errors["password"],
            help_="12 characters or more. A few words in a row are fine.",
        ),
    )


def _finances() -> rx.Component:
    return rx.fragment(
        rx.el.p(
            "Your finances, for the credit assessment. You see every factor of it. ",
            ui.link("How grades are made", "/how-grades-are-made"),
            class_name="muted",
        ),
        ui.number_field(
            "Credit score",
            name="credit_score",
            limits="300 to 850",
            max_length=20,
            error=STATE.errors["credit_score"],
        ),
        ui.money_field(
            "Annual income",
            name="annual_income",
            max_length=20,
            error=STATE.errors["annual_income"],
            help_="Before tax.",
        ),
        ui.money_field(
            "Monthly debt payments",
            name="monthly_debt",
            max_length=20,
            error=STATE.errors["monthly_debt"],
            help_="What you pay each month on other loans and cards; 0 if nothing.",
        ),
        ui.number_field(
            "Years employed",
            name="years_employed",
            max_length=20,
            error=STATE.errors["years_employed"],
            help_="Whole years; 0 if under one.",
        ),
        ui.select_field(
            "Home ownership",
            HOMES,
            name="home_ownership",
            placeholder="Choose",
            error=STATE.errors["home_ownership"],
        ),
    )
