"""How it works, on the landing page: three steps for borrowers, three for lenders."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.domain import formats
from p2p_reflex.domain.repricing import SMALLEST_BID_CENTS
from p2p_reflex.services.listings.listing_form import AMOUNT_CENTS, TERM_MONTHS
from p2p_reflex.state.frame import FrameState

LEAST, MOST = (formats.whole_money(cents) for cents in AMOUNT_CENTS)
SHORTEST, LONGEST = TERM_MONTHS

BORROWING = (
    (
        "Say what it is for",
        "Move the sliders and see your grade, the likely rate, the installment and the total cost "
        "before you publish anything.",
    ),
    (
        "Watch the offers arrive",
        "Lenders bid against each other in the open. Better bids push the rate down until the window closes.",
    ),
    (
        "Accept, and pay as planned",
        "You accept the book as it stands. Pay by hand or with autopay; paying ahead never costs a fee.",
    ),
)
LENDING = (
    (
        "Read before you bid",
        "Every listing shows its grade with reasons, its order book, and the return you can expect "
        "after fees and losses.",
    ),
    (
        "Set your rate",
        "You earn what you bid. If someone goes lower, what no longer leads of your money is free at once.",
    ),
    (
        "See the true return",
        "Your portfolio counts idle cash and losses in. What is not lent out you can withdraw at any time.",
    ),
)


def ways_section() -> rx.Component:
    """Tell both sides what happens, step by step."""
    return rx.el.section(
        rx.el.h2("How it works", class_name="t-28"),
        rx.el.div(
            _way(
                "For borrowers",
                f"{LEAST} to {MOST}, over {SHORTEST} to {LONGEST} months.",
                BORROWING,
                rx.match(
                    FrameState.role,
                    ("", ui.link_button("Start borrowing", "/register?role=borrower", kind="solid")),
                    ("borrower", ui.link_button("See what it would cost", "/borrow/new", kind="solid")),
                    ui.link_button("How grades are made", "/how-grades-are-made"),
                ),
            ),
            _way(
                "For lenders",
                f"From {formats.whole_money(SMALLEST_BID_CENTS)} a bid, in as many loans as you like.",
                LENDING,
                ui.link_button("Look at the market", "/market"),
            ),
            class_name="halves",
        ),
        id="how",
        class_name="stack",
    )


def _way(title: str, reach: str, steps: tuple[tuple[str, str], ...], button: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.div(rx.el.h3(title, class_name="t-20"), rx.el.p(reach, class_name="muted")),
        rx.el.ol(
            *(
                rx.el.li(rx.el.h4(name, class_name="w-600"), rx.el.p(words, class_name="muted"))
                for name, words in steps
            ),
            class_name="steps",
        ),
        button,
        class_name="card way",
    )
