"""Owns the way from untrusted text to values: what is odd is refused with a sentence beside its field."""

import re
import unicodedata
from decimal import Decimal

from p2p_reflex.domain import formats
from p2p_reflex.domain.errors import FieldError

_LONGEST_FIGURE = 40
_LONGEST_EMAIL = 254
_MONEY = re.compile(r"\$? ?(\d{1,3}(?:,\d{3}){1,5}|\d{1,15})(?:\.(\d{1,2}))?", re.ASCII)
_TOO_FINE = re.compile(r"\$? ?[\d,]{1,20}\.\d{3,}", re.ASCII)
_PERCENT = re.compile(r"(\d{1,4}(?:\.\d{1,4})?) ?%?", re.ASCII)
_WHOLE = re.compile(r"\d{1,3}(?:,\d{3}){1,5}|\d{1,15}", re.ASCII)
_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])",
    re.ASCII,
)
_JOINERS = "\u200c\u200d"


def parse_money(
    text: object,
    *,
    field: str,
    minimum_cents: int,
    maximum_cents: int,
    whole_dollars: bool = False,
    name: str = "The amount",
) -> int:
    """Read an amount such as 1,234.50 or $1,234.50 as whole cents between two limits."""
    figure = _figure(text, field=field, name=name)
    if _TOO_FINE.fullmatch(figure):
        raise FieldError(field, f"{name} can have at most two decimals.")
    match = _MONEY.fullmatch(figure)
    if match is None:
        example = "1,250" if whole_dollars else "1,250.00"
        raise FieldError(field, f"{name} must be a number like {example}.")
    dollars, decimals = match.groups()
    cents = int(dollars.replace(",", "")) * 100 + int((decimals or "").ljust(2, "0"))
    if whole_dollars and cents % 100:
        raise FieldError(field, f"{name} must be in whole dollars, without cents.")
    if not minimum_cents <= cents <= maximum_cents:
        lowest, highest = formats.whole_money(minimum_cents), formats.whole_money(maximum_cents)
        raise FieldError(field, f"{name} must be between {lowest} and {highest}.")
    return cents


def parse_rate_percent(
    text: object, *, field: str, minimum: Decimal, maximum: Decimal, name: str = "The rate"
) -> Decimal:
    """Read a percentage such as 11.55 or 11.55 % as a rate (0.1155) between two rates."""
    match = _PERCENT.fullmatch(_figure(text, field=field, name=name))
    if match is None:
        raise FieldError(field, f"{name} must be a percentage like 11.55, with at most four decimals.")
    rate = Decimal(match[1]).scaleb(-2)
    if not minimum <= rate <= maximum:
        lowest, highest = formats.rate(minimum), formats.rate(maximum)
        raise FieldError(field, f"{name} must be between {lowest} and {highest}.")
    return rate


def parse_whole_number(
    text: object, *, field: str, minimum: int, maximum: int, name: str = "The number"
) -> int:
    """Read a whole number such as 36 or 1,200 between two limits."""
    figure = _figure(text, field=field, name=name)
    if _WHOLE.fullmatch(figure) is None:
        raise FieldError(field, f"{name} must be a whole number like {minimum}.")
    number = int(figure.replace(",", ""))
    if not minimum <= number <= maximum:
        raise FieldError(field, f"{name} must be between {minimum:,} and {maximum:,}.")
    return number


def clean_line(
    text: object, *, field: str, maximum_length: int, minimum_length: int = 1, name: str = "This text"
) -> str:
    """Read one line of plain text: composed (NFC), outer spaces off, inner runs of spaces made one."""
    line = _plain(text, field=field, maximum_length=maximum_length, name=name, allowed="\t")
    return _measured(" ".join(line.split()), field, minimum_length, maximum_length, name)


def clean_text(
    text: object, *, field: str, maximum_length: int, minimum_length: int = 1, name: str = "This text"
) -> str:
    """Read plain text of many lines: composed (NFC), line ends as one line feed, at most one empty line."""
    plain = _plain(text, field=field, maximum_length=maximum_length, name=name, allowed="\t\r\n")
    lines = [" ".join(line.split()) for line in re.split(r"\r\n|\r|\n", plain)]
    folded = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    return _measured(folded, field, minimum_length, maximum_length, name)


def parse_email(text: object, *, field: str = "email") -> str:
    """Read an e-mail address, lower-cased; what no ordinary mailbox is called is refused."""
    if isinstance(text, str) and len(text) <= _LONGEST_EMAIL + 32:
        address = text.strip(" \t\r\n").lower()
        local = address.partition("@")[0]
        if (
            len(address) <= _LONGEST_EMAIL
            and len(local) <= 64
            and address.isascii()
            and _EMAIL.fullmatch(address)
        ):
            return address
    raise FieldError(field, "The email must look like maya@example.com.")


def _figure(text: object, *, field: str, name: str) -> str:
    """Take the text of a figure; a whole number is as good, anything else a client may send is not."""
    if isinstance(text, int) and not isinstance(text, bool) and 0 <= text < 10**15:
        return str(text)
    if not isinstance(text, str) or len(text) > _LONGEST_FIGURE:
        raise FieldError(field, f"{name} must be written as a number.")
    figure = text.strip(" \t\r\n\u00a0")
    if not figure:
        raise FieldError(field, f"{name} is missing.")
    return figure


def _plain(text: object, *, field: str, maximum_length: int, name: str, allowed: str) -> str:
    if not isinstance(text, str):
        raise FieldError(field, f"{name} must be plain text.")
    if len(text) > 2 * maximum_length + 100:
        raise FieldError(field, f"{name} can have at most {maximum_length:,} characters.")
    if any(_is_odd(character) for character in text if character not in allowed):
        raise FieldError(field, f"{name} contains characters that cannot be shown.")
    return unicodedata.normalize("NFC", text)


def _is_odd(character: str) -> bool:
    """Tell control marks, lone surrogates, invisible and direction marks from what a person writes."""
    if character in _JOINERS:
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _measured(text: str, field: str, minimum_length: int, maximum_length: int, name: str) -> str:
    visible = sum(1 for character in text if unicodedata.category(character)[0] in "LNPS")
    if visible == 0 and minimum_length > 0:
        raise FieldError(field, f"{name} is missing.")
    if visible == 0:
        return ""
    if len(text) < minimum_length:
        needed = formats.count(minimum_length, "character")
        raise FieldError(field, f"{name} needs at least {needed}.")
    if len(text) > maximum_length:
        allowed = formats.count(maximum_length, "character")
        raise FieldError(field, f"{name} can have at most {allowed}.")
    return text
