"""Owns the colours of the charts, light and dark; plotly cannot read the stylesheet's variables."""

from dataclasses import dataclass, fields
from typing import Literal

Theme = Literal["light", "dark"]


@dataclass(frozen=True)
class Palette:
    """Name the colours a figure may use; every name has another value, so that one can be swapped for one."""

    surface: str
    sunken: str
    hairline: str
    line_strong: str
    ghost: str
    muted: str
    text: str
    accent_3: str
    accent_4: str
    accent_6: str
    accent_7: str
    accent: str
    accent_text: str
    amber: str
    red: str
    grade_a: str
    grade_b: str
    grade_c: str
    grade_d: str
    grade_e: str
    grade_f: str
    grade_g: str

    def grade(self, letter: str) -> str:
        """Return the colour of a grade."""
        return str(getattr(self, f"grade_{letter.lower()}"))


# accent_text is one step off accent: in the light theme both are the same green, in the dark they differ.
LIGHT = Palette(
    surface="#ffffff",
    sunken="#f1f0ef",
    hairline="#e9e8e6",
    line_strong="#cfceca",
    ghost="#bcbbb5",
    muted="#63635e",
    text="#21201c",
    accent_3="#e7f1ec",
    accent_4="#d9e9e1",
    accent_6="#b1d1c2",
    accent_7="#90bda9",
    accent="#0f6a4f",
    accent_text="#0f6a50",
    amber="#c98a12",
    red="#b3261e",
    grade_a="#0c5e45",
    grade_b="#327957",
    grade_c="#659b6d",
    grade_d="#92a86a",
    grade_e="#bdb16d",
    grade_f="#d8b373",
    grade_g="#e7b68c",
)
DARK = Palette(
    surface="#191918",
    sunken="#222221",
    hairline="#262624",
    line_strong="#494844",
    ghost="#62605b",
    muted="#b5b3ad",
    text="#eeeeec",
    accent_3="#18291f",
    accent_4="#1f3b2f",
    accent_6="#31604c",
    accent_7="#3f7a61",
    accent="#4bb38d",
    accent_text="#6fcfab",
    amber="#d99b26",
    red="#e5675c",
    grade_a="#7bd3af",
    grade_b="#74bf98",
    grade_c="#75ab7c",
    grade_d="#849861",
    grade_e="#8e844b",
    grade_f="#866936",
    grade_g="#805533",
)


def palette(theme: Theme) -> Palette:
    """Return the colours of a theme."""
    return DARK if theme == "dark" else LIGHT


def dark_for_light() -> dict[str, str]:
    """Map each light colour to its dark one, for a figure recoloured where it is shown."""
    return {getattr(LIGHT, field.name): getattr(DARK, field.name) for field in fields(Palette)}
