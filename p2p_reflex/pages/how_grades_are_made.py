"""How grades are made: the published card, the grades it leads to, and one example worked through."""

import reflex as rx

from p2p_reflex import components as ui
from p2p_reflex.domain import formats, scorecard
from p2p_reflex.domain.scorecard import CardRow, GradeRow, Profile, Request
from p2p_reflex.domain.vocabulary import HomeOwnership, Purpose
from p2p_reflex.state.frame import FrameState

EXAMPLE = scorecard.assess(
    profile=Profile(
        credit_score=716,
        annual_income_cents=64_000_00,
        monthly_debt_cents=410_00,
        years_employed=6,
        home_ownership=HomeOwnership.MORTGAGE,
    ),
    request=Request(amount_cents=12_000_00, term_months=36, purpose=Purpose.HOME_IMPROVEMENT),
)
CARD_COLUMNS = (ui.Column("What counts"), ui.Column("How"), ui.Column("Points", "right"))
GRADE_COLUMNS = (
    ui.Column("Grade"),
    ui.Column("Points", "right"),
    ui.Column("Lowest rate", "right"),
    ui.Column("Loss, 36 months", "right"),
    ui.Column("Loss, 60 months", "right", on_phone=False),
)


@rx.page(route="/how-grades-are-made", title="How grades are made", on_load=FrameState.load)
def how_grades_are_made() -> rx.Component:
    """Lay out the card, the grades and the example."""
    return ui.public_frame(
        rx.el.div(
            ui.page_head(
                "How grades are made",
                "One card turns a borrower's figures into points, and the points into a grade. "
                "It is the same for everyone, and nobody adjusts it by hand.",
            ),
            _card(),
            _example(),
            _grades(),
            class_name="paper",
        )
    )


def _card() -> rx.Component:
    return ui.card(
        ui.sorted_table(
            CARD_COLUMNS, [_rule(row) for row in scorecard.describe_card()], label="The card", two_lines=True
        ),
        title="The card",
        note=f"From 0 to {scorecard.MAX_POINTS} points. A borrower sees every factor with its points.",
        flush=True,
        region="The card",
    )


def _rule(row: CardRow) -> rx.Component:
    lowest, highest = _signed(row.lowest_points), _signed(row.highest_points)
    span = highest if lowest == highest else f"{lowest} to {highest}"
    words = row.rule[0].upper() + row.rule[1:]
    return ui.row(
        ui.cell(rx.el.span(row.name, class_name="w-500"), phone_under=words, under="", phone="lead"),
        ui.cell(words, class_name="muted"),
        ui.number(span, phone="figure"),
    )


def _example() -> rx.Component:
    longest = max(abs(factor.points) for factor in EXAMPLE.factors)
    return ui.card(
        rx.el.p(
            "Somebody asks for $12,000 over 36 months to improve a home. They earn $64,000 a year, pay "
            "$410 a month on other debts, and are here for the first time.",
            class_name="muted",
        ),
        ui.factors(
            [
                ui.factor(
                    factor.label,
                    _signed(factor.points),
                    "for" if factor.points >= 0 else "against",
                    100 * abs(factor.points) // longest,
                )
                for factor in EXAMPLE.factors
            ]
        ),
        ui.key_values(
            ui.pair("Everyone begins with", f"{EXAMPLE.starting_points}"),
            ui.pair(
                "Together",
                rx.el.span(
                    f"{EXAMPLE.points} points ", ui.grade_square(EXAMPLE.grade.value), class_name="line"
                ),
                kind="outcome",
            ),
            ui.pair("Lenders may bid from", formats.rate(EXAMPLE.floor_rate)),
            ui.pair("Expected loss, a year", formats.rate(EXAMPLE.expected_loss_rate)),
        ),
        title="An example",
        region="An example",
    )


def _grades() -> rx.Component:
    return ui.card(
        ui.sorted_table(
            GRADE_COLUMNS,
            [_grade(row) for row in scorecard.describe_grades()],
            label="The grades",
            keep_columns=True,
        ),
        rx.el.p(
            "The loss is what lenders must expect to lose, a year, of the money that is out over 36 or 60 "
            "months. It comes from 42,535 real loans of 2007 to 2011 that LendingClub published, and is no "
            "promise. No bid may be under the lowest rate of the grade. "
            f"An assessment holds for {scorecard.ASSESSMENT_VALID_DAYS} days.",
            class_name="card-foot t-12 muted",
        ),
        title="The grades",
        flush=True,
        region="The grades",
    )


def _grade(row: GradeRow) -> rx.Component:
    return ui.row(
        ui.cell(
            rx.el.div(
                ui.grade_square(row.grade.value),
                rx.el.span(row.words, class_name="only-wide"),
                class_name="lead",
            )
        ),
        ui.number(f"{row.from_points} or more"),
        ui.number(formats.rate(row.floor_rate)),
        ui.number(formats.rate(row.loss_rate_36_months), muted=True),
        rx.el.td(
            rx.el.span(formats.rate(row.loss_rate_60_months), class_name="num muted"),
            role="cell",
            custom_attrs={"data-align": "right", "data-phone": "hide"},
        ),
    )


def _signed(points: int) -> str:
    return f"+{points}" if points > 0 else f"{formats.MINUS}{-points}" if points < 0 else "0"
