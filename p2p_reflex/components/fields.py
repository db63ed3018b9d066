"""Owns the form fields: each with its label, its help, its limits and the sentence that refuses.

Two ways, chosen by what is passed in:

- A form that is sent with a button: leave `value` out. The browser keeps the text, `on_submit` of `rx.form`
  gets it under `name`, and a refusal leaves it standing. `default` fills it in beforehand.
- A field the server follows while a person types: pass `value` and `on_change`. The var keeps exactly what
  was typed; the formatted answer belongs beside the field, never back into it.
"""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from p2p_reflex.components.theme import Flag, Words, attributes, given, icon
from p2p_reflex.components.typing_field import TypingField

# More than any rule allows, so that the rule's own sentence refuses it, and less than a socket would drop.
LONGEST_LINE = 1_000
LONGEST_PAGE = 10_000


@dataclass(frozen=True)
class Slider:
    """A slider under a number field: its ends, its step, how the ends read, the decimals it writes."""

    low: Any
    high: Any
    step: Any
    low_text: Any
    high_text: Any
    decimals: int = 0


def text_field(
    label: str,
    *,
    name: str,
    value: Any = None,
    on_change: Any = None,
    default: Any = None,
    error: Any = "",
    help_: Words = "",
    aside: Words = "",
    unit_left: str = "",
    unit_right: str | rx.Var = "",
    limits: str | rx.Var = "",
    type_: str = "text",
    slider: Slider | None = None,
    wait_ms: int = 250,
    disabled: Flag = False,
    field_id: str = "",
    **control: Any,
) -> rx.Component:
    """Draw a field; its accessible name is exactly the label.

    `aside` stands right of the label (a counter, "Lead in full: 11.60 %"), `limits` small inside the field.
    Further keywords (placeholder, auto_complete, input_mode, max_length, required) go to the input.
    """
    field_id = field_id or name
    control.setdefault("max_length", LONGEST_LINE)
    control |= {"id": field_id, "name": name, "disabled": disabled}
    control["custom_attrs"] = control_attributes(field_id, error, help_) | control.pop("custom_attrs", {})
    unit, unit_class = (
        (limits, "field-unit limits") if isinstance(limits, rx.Var) or limits else (unit_right, "field-unit")
    )
    if value is None:
        inner = _form_control(type_, default, unit_left, unit, unit_class, control)
    else:
        inner = _followed_control(
            value, on_change, wait_ms, type_, slider, unit_left, unit, unit_class, control
        )
    return field(label, inner, field_id=field_id, error=error, help_=help_, aside=aside)


def field(
    label: str, inner: rx.Component, *, field_id: str, error: Any = "", help_: Words = "", aside: Words = ""
) -> rx.Component:
    """Put a label above a control, its help beneath it and the sentence that refuses under that."""
    return rx.el.div(
        rx.el.div(
            rx.el.label(label, html_for=field_id),
            given(aside, rx.el.span(aside, class_name="field-aside")),
            class_name="field-top",
        ),
        inner,
        messages(field_id, error, help_),
        class_name="field",
        custom_attrs={"data-invalid": truth(error)},
    )


def money_field(label: str, *, name: str, **props: Any) -> rx.Component:
    """Draw a field for dollars."""
    return text_field(
        label, name=name, **{"unit_left": "$", "input_mode": "decimal", "auto_complete": "off"} | props
    )


def rate_field(label: str, *, name: str, **props: Any) -> rx.Component:
    """Draw a field for a rate in percent."""
    return text_field(
        label, name=name, **{"unit_right": "%", "input_mode": "decimal", "auto_complete": "off"} | props
    )


def number_field(label: str, *, name: str, **props: Any) -> rx.Component:
    """Draw a field for a whole number."""
    return text_field(label, name=name, **{"input_mode": "numeric", "auto_complete": "off"} | props)


def password_field(
    label: str = "Password", *, name: str = "password", is_new: bool = False, **props: Any
) -> rx.Component:
    """Draw a field for a password; `is_new` asks the browser to offer one."""
    return text_field(
        label,
        name=name,
        type_="password",
        auto_complete="new-password" if is_new else "current-password",
        **props,
    )


def search_field(
    label: str, *, value: Any, on_change: Any, name: str = "search", wait_ms: int = 300
) -> rx.Component:
    """Draw a search box; its label is read aloud, its placeholder seen."""
    control = {"id": name, "name": name, "placeholder": label, "auto_complete": "off"}
    control["custom_attrs"] = attributes(aria_label=label)
    return rx.el.div(
        icon("search", class_name="search-icon"),
        _followed_control(value, on_change, wait_ms, "search", None, "", "", "", control),
        class_name="field search",
    )


def textarea_field(
    label: str,
    *,
    name: str,
    value: Any = None,
    on_change: Any = None,
    default: Any = None,
    error: Any = "",
    help_: Words = "",
    counter: Words = "",
    rows: int = 4,
    max_length: int = LONGEST_PAGE,
    field_id: str = "",
    placeholder: str = "",
) -> rx.Component:
    """Draw a field for several lines; `counter` ("231 of 2,000") stands right of the label."""
    field_id = field_id or name
    control: dict[str, Any] = {
        "id": field_id,
        "name": name,
        "placeholder": placeholder,
        "max_length": max_length,
    }
    control["custom_attrs"] = control_attributes(field_id, error, help_)
    if value is None:
        if default is not None:
            control["default_value"] = default
        inner = rx.el.div(rx.el.textarea(rows=rows, **control), class_name="field-box multi")
    else:
        control["custom_attrs"] |= {"rows": rows}
        inner = _followed_control(value, on_change, 250, "", None, "", "", "", control, multiline=True)
    return field(label, inner, field_id=field_id, error=error, help_=help_, aside=counter)


def _form_control(
    type_: str, default: Any, unit_left: str, unit: Any, unit_class: str, control: dict[str, Any]
) -> rx.Component:
    if default is not None:
        control["default_value"] = default
    return rx.el.div(
        given(
            unit_left, rx.el.span(unit_left, class_name="field-unit", custom_attrs={"aria-hidden": "true"})
        ),
        rx.el.input(type=type_, **control),
        given(unit, rx.el.span(unit, class_name=unit_class, custom_attrs={"aria-hidden": "true"})),
        class_name="field-box",
    )


def _followed_control(
    value: Any,
    on_change: Any,
    wait_ms: int,
    type_: str,
    slider: Slider | None,
    unit_left: str,
    unit: Any,
    unit_class: str,
    control: dict[str, Any],
    *,
    multiline: bool = False,
) -> rx.Component:
    plain = {_camel(key): each for key, each in control.items() if key not in ("id", "custom_attrs")}
    extra = control["custom_attrs"] | plain | ({"type": type_} if type_ else {})
    sliding = (
        {
            "low": slider.low,
            "high": slider.high,
            "step": slider.step,
            "decimals": slider.decimals,
            "low_text": slider.low_text,
            "high_text": slider.high_text,
        }
        if slider
        else {}
    )
    return TypingField.create(
        id=control["id"],
        value=value,
        on_change=on_change,
        wait_ms=wait_ms,
        multiline=multiline,
        unit_left=unit_left,
        unit_right=unit,
        unit_class=unit_class,
        custom_attrs=extra,
        **sliding,
    )


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def messages(field_id: str, error: Any, help_: Words) -> rx.Component:
    """Put the help and the sentence that refuses under a control."""
    return rx.fragment(
        given(help_, rx.el.p(help_, id=f"{field_id}-help", class_name="field-help")),
        rx.el.div(
            given(error, rx.el.p(icon("circle_alert", 14), rx.el.span(error), class_name="field-error")),
            id=f"{field_id}-error",
            custom_attrs={"aria-live": "polite"},
        ),
    )


def control_attributes(field_id: str, error: Any, help_: Any) -> dict[str, Any]:
    """Tie a control to its messages."""
    described_by = f"{field_id}-error"
    if isinstance(help_, rx.Component) or (isinstance(help_, str) and help_):
        described_by = f"{field_id}-help {described_by}"
    return {"aria-invalid": truth(error), "aria-describedby": described_by}


def truth(flag: Any) -> Any:
    """Write a flag as HTML does."""
    if isinstance(flag, rx.Var):
        return rx.cond(flag, "true", "false")
    return "true" if flag else "false"
