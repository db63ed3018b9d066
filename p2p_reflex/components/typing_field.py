"""Owns the field a person types in while the server answers: it loses no letter and moves no cursor.

The text in the browser is the truth while a person types. The server hears it `wait_ms` after the last key,
on Enter and on leaving. A value that comes back is taken for an echo where it is one of the texts sent; any
other value is the server's own change ("Lead in full") and replaces the text, unless a key was pressed since.

A server that was started anew has forgotten what was typed, and empties its screens when it is back. So the
texts of all fields are set aside while the connection is lost, and what is missing after that is typed again.
"""

from typing import Any

import reflex as rx
from reflex_base.constants import Dirs

_SCRIPT = (
    """
const KEPT_MS = 60000, SETTLED_MS = 2000;
const keptTexts = () => (window.keptTexts ??= new Map());
const placeOf = (id) => `${window.location.pathname}#${id}`;
const takeKept = (id) => {
  const kept = keptTexts().get(placeOf(id));
  keptTexts().delete(placeOf(id));
  return kept && Date.now() - kept.at < KEPT_MS ? kept.text : null;
};
const useTypedText = (value, onChange, waitMs, id) => {
  const isLost = useContext(EventLoopContext)[1].length > 0;
  const wasLost = useRef(false);
  const given = value == null ? "" : String(value);
  const [text, setText] = useState(given);
  const seen = useRef(given);
  const latest = useRef(given);
  const sent = useRef([]);
  const timer = useRef(null);
  useEffect(() => {
    if (given === seen.current) return;
    seen.current = given;
    const echo = sent.current.indexOf(given);
    if (echo >= 0) { sent.current = sent.current.slice(echo + 1); return; }
    if (timer.current !== null) return;
    sent.current = [];
    const kept = takeKept(id);
    if (kept) { edit(kept); return; }
    latest.current = given;
    setText(given);
  }, [given]);
  useEffect(() => {
    const kept = takeKept(id);
    if (kept && kept !== given) edit(kept);
  }, []);
  useEffect(() => {
    if (isLost) {
      wasLost.current = true;
      keptTexts().set(placeOf(id), { text: latest.current, at: Date.now() });
    } else if (wasLost.current) {
      wasLost.current = false;
      keptTexts().set(placeOf(id), { text: latest.current, at: Date.now() });
      const settled = setTimeout(() => keptTexts().delete(placeOf(id)), SETTLED_MS);
      return () => clearTimeout(settled);
    }
  }, [isLost]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const send = () => {
    if (timer.current === null) return;
    clearTimeout(timer.current);
    timer.current = null;
    sent.current = [...sent.current.slice(-20), latest.current];
    onChange && onChange(latest.current);
  };
  const edit = (next) => {
    latest.current = next;
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(send, waitMs);
  };
  return [text, edit, send];
};
""",
    """
function TypingField({ value, onChange, waitMs = 250, multiline, unitLeft, unitRight, unitClass,
                       low, high, step, decimals = 0, lowText, highText, ...control }) {
  const [text, edit, send] = useTypedText(value, onChange, waitMs, control.id);
  const hasSlider = high !== undefined;
  const number = Number(text.replace(/[^0-9.]/g, ""));
  const at = hasSlider ? Math.min(high, Math.max(low, Number.isFinite(number) ? number : low)) : 0;
  const written = (amount) => amount.toLocaleString("en-US",
    { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  const keys = (event) => {
    if (event.key === "Enter" && !multiline) send();
    const turn = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (hasSlider && turn) {
      event.preventDefault();
      edit(written(Math.min(high, Math.max(low, at + turn * step))));
    }
  };
  const filled = hasSlider ? `${((at - low) / Math.max(high - low, step)) * 100}%` : "0%";
  return createElement(Fragment, null,
    createElement("div", { className: multiline ? "field-box multi" : "field-box" },
      unitLeft ? createElement("span", { className: "field-unit", "aria-hidden": true }, unitLeft) : null,
      createElement(multiline ? "textarea" : "input", { ...control, value: text,
        onKeyDown: keys, onBlur: send, onChange: (event) => edit(event.target.value) }),
      unitRight ? createElement("span", { className: unitClass, "aria-hidden": true }, unitRight) : null),
    hasSlider ? createElement("input", { type: "range", className: "slider", min: low, max: high, step,
      value: at, tabIndex: -1, "aria-hidden": true, disabled: control.disabled, style: { "--filled": filled },
      onChange: (event) => edit(written(Number(event.target.value))), onPointerUp: send }) : null,
    hasSlider ? createElement("div", { className: "field-ends", "aria-hidden": true },
      createElement("span", null, lowText), createElement("span", null, highText)) : null);
}
""",
)


class TypingField(rx.Component):
    """The control inside a field that the server follows: an input or text area, its units and its slider."""

    tag = "TypingField"

    value: rx.Var[str]
    wait_ms: rx.Var[int]
    multiline: rx.Var[bool]
    unit_left: rx.Var[str]
    unit_right: rx.Var[str]
    unit_class: rx.Var[str]
    low: rx.Var[float]
    high: rx.Var[float]
    step: rx.Var[float]
    decimals: rx.Var[int]
    low_text: rx.Var[str]
    high_text: rx.Var[str]

    on_change: rx.EventHandler[rx.event.passthrough_event_spec(str)]

    def add_imports(self) -> dict[str, Any]:
        """Import what the script stands on."""
        react = ["createElement", "Fragment", "useContext", "useEffect", "useRef", "useState"]
        return {"react": react, f"$/{Dirs.CONTEXTS_PATH}": ["EventLoopContext"]}

    def add_custom_code(self) -> list[str]:
        """Define the field once per module that shows it."""
        return list(_SCRIPT)
