"""Owns the form fields: each with its label, its help, its limits and the sentence that refuses.

Two ways, chosen by what is passed in:

- A form that is sent with a button: leave `value` out. The browser keeps the text, `on_submit` of `rx.form`
  gets it under `name`, and a refusal leaves it standing. `default` fills it in beforehand.
- A field the server follows while a person types: pass `value` and `on_change`. The var keeps exactly what
  was typed; the formatted answer belongs beside the field, never back into it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from p2p_reflex.components.theme import Flag, Words, attributes, given, icon
from p2p_reflex.components.typing_field import TypingField


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
    control |= {"id": field_id, "name": name, "disabled": disabled}
    control["custom_attrs"] = _control_attributes(field_id, error, help_) | control.pop("custom_attrs", {})
    unit, unit_class = (
        (limits, "field-unit limits") if limits is not None and limits != "" else (unit_right, "field-unit")
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
        _messages(field_id, error, help_),
        class_name="field",
        custom_attrs={"data-invalid": _truth(error)},
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
    max_length: int | None = None,
    field_id: str = "",
    placeholder: str = "",
) -> rx.Component:
    """Draw a field for several lines; `counter` ("231 of 2,000") stands right of the label."""
    field_id = field_id or name
    control: dict[str, Any] = {"id": field_id, "name": name, "placeholder": placeholder}
    control["custom_attrs"] = _control_attributes(field_id, error, help_)
    if max_length is not None:
        control["max_length"] = max_length
    if value is None:
        if default is not None:
            control["default_value"] = default
        inner = rx.el.div(rx.el.textarea(rows=rows, **control), class_name="field-box multi")
    else:
        control["custom_attrs"] |= {"rows": rows}
        inner = _followed_control(value, on_change, 250, "", None, "", "", "", control, multiline=True)
    return field(label, inner, field_id=field_id, error=error, help_=help_, aside=counter)


def select_field(
    label: str,
    options: Sequence[tuple[str, str]] | rx.Var,
    *,
    name: str,
    value: Any = None,
    on_change: Any = None,
    default: Any = None,
    error: Any = "",
    help_: Words = "",
    disabled: Flag = False,
    field_id: str = "",
    hide_label: bool = False,
    placeholder: str = "",
) -> rx.Component:
    """Draw a choice of one from (value, words) pairs; a var of pairs does as well.

    With `hide_label` the label is only read aloud (filters); `placeholder` is a first option without a value.
    """
    field_id = field_id or name
    control: dict[str, Any] = {"id": field_id, "name": name, "disabled": disabled}
    if value is not None:
        control |= {"value": value, "on_change": on_change}
    elif default is not None:
        control["default_value"] = default
    control["custom_attrs"] = _control_attributes(field_id, error, help_)
    if hide_label:
        control["custom_attrs"] = attributes(aria_label=label)
    first = [rx.el.option(placeholder, value="")] if placeholder else []
    box = rx.el.div(
        rx.el.select(*first, *_options(options), **control),
        icon("chevron_down", class_name="chevron"),
        class_name="field-box",
    )
    if hide_label:
        return rx.el.div(box, class_name="field")
    return field(label, box, field_id=field_id, error=error, help_=help_)


def radio_group(
    legend: str,
    options: Sequence[tuple[str, str, str]],
    *,
    name: str,
    value: Any = None,
    on_change: Any = None,
    default: str = "",
    look: str = "",
    hide_legend: bool = False,
    error: Any = "",
) -> rx.Component:
    """Draw a choice of one, all seen at once: (value, name, note); look is "", "across" or "boxes".

    Each radio's accessible name is exactly its name; its note describes it.
    """
    return rx.el.fieldset(
        rx.el.legend(legend, class_name="visually-hidden" if hide_legend else "field-label"),
        rx.el.div(
            *(_choice(name, option, value, on_change, default) for option in options),
            class_name=f"choices {look}",
        ),
        _messages(name, error, ""),
        class_name="field",
        custom_attrs={"data-invalid": _truth(error)},
    )


def checkbox_field(
    label: Words, *, name: str, note: Words = "", default: bool = False, error: Any = ""
) -> rx.Component:
    """Draw a box to tick in a form; it arrives as "on" or not at all."""
    return rx.el.div(
        rx.el.label(
            rx.el.input(type="checkbox", name=name, id=name, default_checked=default),
            rx.el.span(label, given(note, rx.el.span(note, class_name="choice-note"))),
            class_name="choice",
        ),
        _messages(name, error, ""),
        class_name="field",
    )


def switch(label: str, *, checked: Any, on_change: Any, disabled: Flag = False) -> rx.Component:
    """Draw a switch alone; `on_change` gets nothing and turns it over on the server."""
    return rx.el.button(
        type="button",
        role="switch",
        class_name="switch",
        on_click=on_change,
        disabled=disabled,
        custom_attrs={"aria-label": label, "aria-checked": _truth(checked)},
    )


def switch_row(
    label: str, note: Words, *, checked: Any, on_change: Any, disabled: Flag = False
) -> rx.Component:
    """Draw a switch with its name and what it does at the left."""
    return rx.el.div(
        rx.el.div(
            rx.el.div(label, class_name="switch-name"), given(note, rx.el.div(note, class_name="t-12 muted"))
        ),
        switch(label, checked=checked, on_change=on_change, disabled=disabled),
        class_name="switch-row",
    )


def segmented(
    label: str, options: Sequence[tuple[str, str]], *, current: Any, on_change: Any, small: bool = False
) -> rx.Component:
    """Draw a choice of one in a row; `on_change` gets the chosen value."""
    return _segments(label, options, lambda value: current == value, on_change, small)


def toggles(
    label: str, options: Sequence[tuple[str, str]], *, chosen: rx.Var, on_toggle: Any, small: bool = False
) -> rx.Component:
    """Draw a choice of several in a row, from a list var; `on_toggle` gets the pressed value."""
    return _segments(label, options, lambda value: chosen.contains(value), on_toggle, small)


def _segments(
    label: str, options: Sequence[tuple[str, str]], is_on: Any, on_press: Any, small: bool
) -> rx.Component:
    return rx.el.div(
        *(
            rx.el.button(
                words,
                type="button",
                on_click=on_press(value),
                custom_attrs={"aria-pressed": _truth(is_on(value))},
            )
            for value, words in options
        ),
        role="group",
        class_name="segmented small" if small else "segmented",
        custom_attrs=attributes(aria_label=label),
    )


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


def _choice(
    name: str, option: tuple[str, str, str], value: Any, on_change: Any, default: str
) -> rx.Component:
    choice, words, note = option
    choice_id = f"{name}-{choice}"
    control: dict[str, Any] = {"id": choice_id, "name": name, "value": choice, "type": "radio"}
    if value is None:
        control["default_checked"] = choice == default
    else:
        control |= {"checked": value == choice, "on_change": on_change(choice)}
    if note:
        control["custom_attrs"] = attributes(aria_describedby=f"{choice_id}-note")
    return rx.el.div(
        rx.el.input(**control),
        rx.el.span(
            rx.el.label(words, html_for=choice_id, class_name="choice-name"),
            given(note, rx.el.span(note, id=f"{choice_id}-note", class_name="choice-note")),
        ),
        class_name="choice",
    )


def _messages(field_id: str, error: Any, help_: Words) -> rx.Component:
    return rx.fragment(
        given(help_, rx.el.p(help_, id=f"{field_id}-help", class_name="field-help")),
        rx.el.div(
            given(error, rx.el.p(icon("circle_alert", 14), rx.el.span(error), class_name="field-error")),
            id=f"{field_id}-error",
            custom_attrs={"aria-live": "polite"},
        ),
    )


def _control_attributes(field_id: str, error: Any, help_: Any) -> dict[str, Any]:
    described_by = f"{field_id}-error"
    if isinstance(help_, rx.Component) or (isinstance(help_, str) and help_):
        described_by = f"{field_id}-help {described_by}"
    return {"aria-invalid": _truth(error), "aria-describedby": described_by}


def _options(options: Sequence[tuple[str, str]] | rx.Var) -> list[rx.Component]:
    if isinstance(options, rx.Var):
        return [rx.foreach(options, lambda pair: rx.el.option(pair[1], value=pair[0]))]
    return [rx.el.option(words, value=value) for value, words in options]


def _truth(flag: Any) -> Any:
    if isinstance(flag, rx.Var):
        return rx.cond(flag, "true", "false")
    return "true" if flag else "false"
