"""Owns the proof that hostile or careless text is refused with a sentence, and never becomes money."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_reflex.domain.errors import FieldError
from p2p_reflex.domain.parsing import (
    clean_line,
    clean_text,
    parse_email,
    parse_money,
    parse_rate_percent,
    parse_whole_number,
)

ODD_FIGURES = [
    "",
    " ",
    "NaN",
    "nan",
    "Infinity",
    "inf",
    "-0",
    "-5",
    "+5",
    "−5",
    "1e30",
    "1e3",
    "0x10",
    "1_000",
    "१२३४",
    "١٢٣",
    "１２３",
    "1,2",
    "1,23,456",
    "12,34",
    "1.2.3",
    ".5",
    "5.",
    "1 000",
    "9223372036854775808",
    "99999999999999999999999999",
    "100\x00",
    "100\ud800",
    "\u202e100",
    "100\u200f",
    "=1+1",
    "1;DROP TABLE loans",
    "<b>5</b>",
    None,
    True,
    False,
    5.0,
    float("nan"),
    float("inf"),
    -5,
    10**400,
    [],
    {},
    b"5",
    Decimal(5),
]


def money(text, **limits):
    bounds = {"minimum_cents": 25_00, "maximum_cents": 100_000_00, **limits}
    return parse_money(text, field="amount", **bounds)


def percent(text):
    return parse_rate_percent(
        text, field="rate", minimum=Decimal("0.094"), maximum=Decimal("0.36"), name="The rate"
    )


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("1,234.50", 123_450),
        ("$1,234.50", 123_450),
        (" 1234 ", 123_400),
        ("$ 1,234", 123_400),
        ("25", 25_00),
        ("100000.00", 100_000_00),
        ("99.9", 99_90),
        ("\u00a0500\t", 500_00),
        (500, 500_00),
    ],
)
def test_amounts_are_read_as_people_write_them(text, cents):
    assert money(text) == cents


@pytest.mark.parametrize("text", ODD_FIGURES)
def test_odd_figures_are_refused_with_a_sentence_beside_the_field(text):
    for read in (
        lambda: money(text, minimum_cents=0, maximum_cents=2**63 - 1),
        lambda: parse_rate_percent(text, field="amount", minimum=Decimal(0), maximum=Decimal(9), name="It"),
        lambda: parse_whole_number(text, field="amount", minimum=0, maximum=2**62),
    ):
        with pytest.raises(FieldError) as refusal:
            read()
        assert refusal.value.field == "amount"
        assert refusal.value.message.endswith(".")
        assert "!" not in refusal.value.message


@pytest.mark.parametrize("text", ["0.001", "12.345", "$1,000.0000"])
def test_a_fraction_of_a_cent_is_refused_by_its_own_words(text):
    with pytest.raises(FieldError, match="at most two decimals"):
        money(text)


def test_ten_megabytes_are_refused_without_being_read():
    for read in (money, percent, lambda text: parse_whole_number(text, field="n", minimum=1, maximum=9)):
        with pytest.raises(FieldError):
            read("9" * 10_000_000)
    for clean in (clean_line, clean_text):
        with pytest.raises(FieldError, match="at most 80 characters"):
            clean("a" * 10_000_000, field="title", maximum_length=80)
    with pytest.raises(FieldError):
        parse_email("a" * 10_000_000 + "@example.com")


def test_limits_are_named_in_the_refusal():
    with pytest.raises(FieldError) as low:
        money("24.99")
    with pytest.raises(FieldError) as high:
        money("100000.01", maximum_cents=2_310_55)
    with pytest.raises(FieldError) as steep:
        percent("36.01")

    assert low.value.message == "The amount must be between $25 and $100,000."
    assert high.value.message == "The amount must be between $25 and $2,310.55."
    assert steep.value.message == "The rate must be between 9.40 % and 36.00 %."


def test_whole_dollars_take_no_cents():
    assert money("1,000.00", whole_dollars=True) == 100_000
    with pytest.raises(FieldError, match="whole dollars"):
        money("1,000.50", whole_dollars=True)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("11.55", "0.1155"),
        ("11.55 %", "0.1155"),
        ("11.55%", "0.1155"),
        ("12", "0.12"),
        ("9.4375", "0.094375"),
    ],
)
def test_percentages_become_rates(text, rate):
    assert percent(text) == Decimal(rate)


@pytest.mark.parametrize("text", ["11,55", "11.55555", "0.1155 rate", "11.55 %%"])
def test_a_rate_that_cannot_be_stored_exactly_is_refused(text):
    with pytest.raises(FieldError, match="four decimals"):
        percent(text)


def test_whole_numbers_are_whole():
    assert parse_whole_number(" 36 ", field="term", minimum=12, maximum=60) == 36
    assert parse_whole_number("1,200", field="term", minimum=12, maximum=6000) == 1200
    assert parse_whole_number(36, field="term", minimum=12, maximum=60) == 36
    with pytest.raises(FieldError, match="between 12 and 60"):
        parse_whole_number("61", field="term", minimum=12, maximum=60)
    with pytest.raises(FieldError, match="whole number"):
        parse_whole_number("36.0", field="term", minimum=12, maximum=60)


def test_a_line_is_made_plain():
    assert clean_line("  Second \t oven  ", field="title", maximum_length=80) == "Second oven"
    assert clean_line("Cafe\u0301", field="title", maximum_length=80) == "Café"
    assert clean_line("שלום 家族 👩‍👧", field="title", maximum_length=80) == "שלום 家族 👩‍👧"


def test_a_text_keeps_its_paragraphs():
    text = clean_text("One.\r\n\r\n\r\n\r\nTwo.  \rThree.\n", field="story", maximum_length=80)

    assert text == "One.\n\nTwo.\nThree."


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "a\ud800b",
        "a\u202eb",
        "a\u2066b",
        "a\u200eb",
        "a\u061cb",
        "a\u200bb",
        "a\ufeffb",
        "a\u2028b",
        "a\x1b[31m",
        "a\x7f",
        "a\ue000",
    ],
)
def test_control_surrogate_and_direction_marks_are_refused(text):
    for clean in (clean_line, clean_text):
        with pytest.raises(FieldError, match="cannot be shown"):
            clean(text, field="title", maximum_length=80)


def test_a_line_does_not_break():
    with pytest.raises(FieldError):
        clean_line("one\ntwo", field="title", maximum_length=80)


@pytest.mark.parametrize("text", ["", "   ", "\u200d\u200c", "\u0301"])
def test_what_cannot_be_seen_counts_as_missing(text):
    with pytest.raises(FieldError, match="The title is missing"):
        clean_line(text, field="title", maximum_length=80, name="The title")


def test_an_optional_text_may_be_empty():
    assert clean_text("  \n ", field="story", minimum_length=0, maximum_length=80) == ""


@pytest.mark.parametrize("value", [None, 5, 5.5, {}, [], b"x", True])
def test_only_text_is_text(value):
    with pytest.raises(FieldError, match="plain text"):
        clean_line(value, field="title", maximum_length=80)


def test_lengths_are_held():
    with pytest.raises(FieldError, match="at least 10 characters"):
        clean_line("short", field="title", minimum_length=10, maximum_length=80)
    with pytest.raises(FieldError, match="at most 4 characters"):
        clean_line("short", field="title", maximum_length=4)


def test_an_email_is_lower_cased():
    assert parse_email(" Maya.R+loans@Example.COM ") == "maya.r+loans@example.com"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "maya",
        "maya@",
        "@example.com",
        "maya@example",
        "maya@@example.com",
        "ma ya@example.com",
        "maya@exam ple.com",
        ".maya@example.com",
        "maya.@example.com",
        "ma..ya@example.com",
        "maya@-example.com",
        "maya@example-.com",
        "maya@example..com",
        "maya@example.c",
        "mäya@example.com",
        "maya@exämple.com",
        "maya@example.com\x00",
        "maya@example.com\nBcc: all@example.com",
        '"maya"@example.com',
        "maya@[127.0.0.1]",
        "a" * 65 + "@example.com",
        "a@" + "b" * 250 + ".com",
        None,
        5,
        {},
    ],
)
def test_what_is_not_an_email_is_refused(text):
    with pytest.raises(FieldError) as refusal:
        parse_email(text)
    assert refusal.value.field == "email"


@given(st.text(max_size=60))
def test_any_text_is_either_read_or_refused(text):
    for read in (
        money,
        percent,
        parse_email,
        lambda given: clean_line(given, field="title", maximum_length=20),
        lambda given: clean_text(given, field="story", maximum_length=20),
    ):
        try:
            value = read(text)
        except FieldError:
            continue
        if isinstance(value, str):
            assert value.encode()
            assert "\x00" not in value
