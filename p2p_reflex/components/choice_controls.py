"""Owns the controls that answer a press at once: radio, select and switch; the server's word follows.

Each shows the choice before the server has heard it, and takes over whatever value comes back. A switch the
server did not turn goes back by itself.
"""

from typing import Any

import reflex as rx

_RADIO = """
function ChoiceInput({ checked, ...control }) {
  const box = useRef(null);
  useEffect(() => { box.current.checked = Boolean(checked); }, [checked]);
  return createElement("input", { ...control, ref: box, type: "radio", defaultChecked: checked });
}
"""

_SELECT = """
function ChoiceSelect({ value, children, onChange, ...control }) {
  const box = useRef(null);
  useEffect(() => { box.current.value = value ?? ""; }, [value]);
  return createElement("select", { ...control, ref: box, defaultValue: value,
    onChange: (event) => onChange && onChange(event.target.value) }, children);
}
"""

_SWITCH = """
function SwitchButton({ checked, onChange, ...control }) {
  const [isOn, setIsOn] = useState(Boolean(checked));
  const known = useRef(Boolean(checked));
  const timer = useRef(null);
  useEffect(() => { known.current = Boolean(checked); setIsOn(Boolean(checked)); }, [checked]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const turn = () => {
    setIsOn(!isOn);
    onChange && onChange(!isOn);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setIsOn(known.current), 4000);
  };
  return createElement("button", { ...control, type: "button", role: "switch", className: "switch",
    "aria-checked": isOn, onClick: turn });
}
"""


class ChoiceInput(rx.Component):
    """One radio of a group that the server follows."""

    tag = "ChoiceInput"

    checked: rx.Var[bool]

    on_change: rx.EventHandler[rx.event.no_args_event_spec]

    def add_imports(self) -> dict[str, Any]:
        """Import what the script stands on."""
        return {"react": ["createElement", "useEffect", "useRef"]}

    def add_custom_code(self) -> list[str]:
        """Define the control once per module that shows it."""
        return [_RADIO]


class ChoiceSelect(rx.Component):
    """A choice of one that the server follows."""

    tag = "ChoiceSelect"

    value: rx.Var[str]

    on_change: rx.EventHandler[rx.event.passthrough_event_spec(str)]

    def add_imports(self) -> dict[str, Any]:
        """Import what the script stands on."""
        return {"react": ["createElement", "useEffect", "useRef"]}

    def add_custom_code(self) -> list[str]:
        """Define the control once per module that shows it."""
        return [_SELECT]


class SwitchButton(rx.Component):
    """A switch the server turns; it hears the wanted position, so that a double press does nothing twice."""

    tag = "SwitchButton"

    checked: rx.Var[bool]

    on_change: rx.EventHandler[rx.event.passthrough_event_spec(bool)]

    def add_imports(self) -> dict[str, Any]:
        """Import what the script stands on."""
        return {"react": ["createElement", "useEffect", "useRef", "useState"]}

    def add_custom_code(self) -> list[str]:
        """Define the control once per module that shows it."""
        return [_SWITCH]
