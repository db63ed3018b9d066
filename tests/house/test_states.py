"""Every function of a state can be called by anyone with a socket: each says who may."""

import ast

from tests.house.sources import FUNCTION, Function, last_word, place, python_files, tree_of

GUARDS = frozenset({"requires", "loads", "public", "loads_for_all"})
SHOWN = frozenset({"var", "computed_var"})


def test_every_handler_of_a_state_says_who_may_call_it() -> None:
    unguarded = [
        place(name, function, f"{state.name}.{function.name}")
        for name in python_files("p2p_reflex/state")
        for state in _states_of(name)
        for function in state.body
        if isinstance(function, FUNCTION)
        and not function.name.startswith("_")
        and not _is_shown(function)
        and not _is_guarded(function)
    ]

    assert unguarded == []


def _states_of(name: str) -> list[ast.ClassDef]:
    return [
        node
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.ClassDef) and any(last_word(base).endswith("State") for base in node.bases)
    ]


def _is_shown(function: Function) -> bool:
    return any(last_word(decorator) in SHOWN for decorator in function.decorator_list)


def _is_guarded(function: Function) -> bool:
    words = [last_word(decorator) for decorator in function.decorator_list]
    return len(words) >= 2 and words[0] == "event" and words[-1] in GUARDS
