"""Owns the fields one chooses in: selects, radios, boxes to tick, switches, segmented rows.

Each works in a form that is sent (leave `value` out) and followed by the server (`value`, `on_change`).
"""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from p2p_reflex.components.choice_controls import ChoiceInput, ChoiceSelect, SwitchButton
from p2p_reflex.components.fields import control_attributes, field, messages, truth
from p2p_reflex.components.theme import Flag, Words, attributes, given, icon


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
    marks = attributes(aria_label=label) if hide_label else control_attributes(field_id, error, help_)
    first = [rx.el.option(placeholder, value="")] if placeholder else []
    entries = [*first, *_options(options)]
    if value is None:
        started = {} if default is None else {"default_value": default}
        drawn = rx.el.select(*entries, **control, **started, custom_attrs=marks)
    else:
        field_id = control.pop("id")
        drawn = ChoiceSelect.create(
            *entries, id=field_id, value=value, on_change=on_change, custom_attrs=marks | control
        )
    box = rx.el.div(
        drawn,
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
        messages(name, error, ""),
        class_name="field",
        custom_attrs={"data-invalid": truth(error)},
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
        messages(name, error, ""),
        class_name="field",
    )


def switch(label: str | rx.Var, *, checked: Any, on_change: Any, disabled: Flag = False) -> rx.Component:
    """Draw a switch alone; `on_change` gets the wanted position, True or False."""
    return SwitchButton.create(
        checked=checked, on_change=on_change, custom_attrs={"aria-label": label, "disabled": disabled}
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
                custom_attrs={"aria-pressed": truth(is_on(value))},
            )
            for value, words in options
        ),
        role="group",
        class_name="segmented small" if small else "segmented",
        custom_attrs=attributes(aria_label=label),
    )


def _choice(
    name: str, option: tuple[str, str, str], value: Any, on_change: Any, default: str
) -> rx.Component:
    choice, words, note = option
    choice_id = f"{name}-{choice}"
    marks = {"name": name, "value": choice} | attributes(
        aria_describedby=None if isinstance(note, str) and not note else f"{choice_id}-note"
    )
    if value is None:
        radio = rx.el.input(type="radio", id=choice_id, default_checked=choice == default, custom_attrs=marks)
    else:
        radio = ChoiceInput.create(
            id=choice_id, checked=value == choice, on_change=on_change(choice), custom_attrs=marks
        )
    return rx.el.div(
        radio,
        rx.el.span(
            rx.el.label(words, html_for=choice_id, class_name="choice-name"),
            given(note, rx.el.span(note, id=f"{choice_id}-note", class_name="choice-note")),
        ),
        class_name="choice",
    )


def _options(options: Sequence[tuple[str, str]] | rx.Var) -> list[rx.Component]:
    if isinstance(options, rx.Var):
        return [rx.foreach(options, lambda pair: rx.el.option(pair[1], value=pair[0]))]
    return [rx.el.option(words, value=value) for value, words in options]
