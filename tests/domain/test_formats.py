"""Owns the proof that figures, dates and names are written as the design language says."""

from datetime import date
from decimal import Decimal

import pytest

from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import Purpose


@pytest.mark.parametrize(
    ("cents", "exact", "whole", "signed"),
    [
        (2_597_524, "$25,975.24", "$25,975.24", "+$25,975.24"),
        (1_800_000, "$18,000.00", "$18,000", "+$18,000.00"),
        (-91_420, "−$914.20", "−$914.20", "−$914.20"),
        (-50_000, "−$500.00", "−$500", "−$500.00"),
        (0, "$0.00", "$0", "$0.00"),
        (5, "$0.05", "$0.05", "+$0.05"),
    ],
)
def test_money_keeps_its_cents_and_its_sign(cents, exact, whole, signed):
    assert formats.money(cents) == exact
    assert formats.whole_money(cents) == whole
    assert formats.signed_money(cents) == signed


@pytest.mark.parametrize(
    ("rate", "written"),
    [
        (Decimal("0.1118"), "11.18 %"),
        (Decimal("0.07125"), "7.12 %"),
        (Decimal("0.07135"), "7.14 %"),
        (Decimal("-0.0042"), "−0.42 %"),
        (Decimal("-0.000001"), "0.00 %"),
        (0.0754, "7.54 %"),
        (Decimal(1), "100.00 %"),
    ],
)
def test_a_rate_has_two_decimals_half_even(rate, written):
    assert formats.rate(rate) == written


def test_a_change_of_a_rate_is_in_points():
    assert formats.rate_points(Decimal("-0.0014")) == "−0.14 points"
    assert formats.rate_points(Decimal("0.0122")) == "+1.22 points"
    assert formats.rate_points(Decimal(0)) == "0.00 points"


def test_a_share_is_whole():
    assert formats.share(Decimal("0.7349")) == "73 %"
    assert formats.share(Decimal(1)) == "100 %"


def test_dates_are_written_in_words_whatever_the_locale():
    assert formats.long_date(date(2026, 11, 20)) == "20 Nov 2026"
    assert formats.short_date(date(2026, 3, 3)) == "3 Mar"


@pytest.mark.parametrize(
    ("day", "words"),
    [(23, "in 3 days"), (21, "tomorrow"), (20, "today"), (19, "yesterday"), (17, "3 days ago")],
)
def test_a_day_says_how_far_it_is(day, words):
    assert formats.days_away(date(2026, 11, day), date(2026, 11, 20)) == words


@pytest.mark.parametrize(
    ("name", "short", "letters"),
    [
        ("Maya Rosenberg", "Maya R.", "MR"),
        ("  Ana  María  de la Cruz ", "Ana C.", "AC"),
        ("Cher", "Cher", "C"),
        ("émile zola", "émile Z.", "ÉZ"),
        ("", "", ""),
        ("(–)", "", ""),
    ],
)
def test_people_are_shown_by_first_name_and_initial(name, short, letters):
    assert formats.person(name) == short
    assert formats.initials(name) == letters


def test_every_purpose_has_words():
    assert formats.purpose(Purpose.SMALL_BUSINESS) == "Small business"
    assert all(formats.purpose(purpose) for purpose in Purpose)


def test_things_are_counted_in_words():
    assert formats.count(1, "note") == "1 note"
    assert formats.count(64, "note") == "64 notes"
    assert formats.count(0, "person", "people") == "0 people"
