"""The rules and the use cases never look at a clock: the date and the moment come in as arguments."""

import ast

from tests.house.sources import dotted, place, python_files, tree_of

CLOCKS = frozenset(
    f"{owner}.{reading}"
    for owner in ("datetime", "date", "dt", "datetime.datetime", "datetime.date", "func", "sa.func")
    for reading in ("now", "today", "utcnow", "current_date", "current_timestamp")
) | {"time.time", "time.time_ns", "time.localtime", "time.gmtime"}


def test_the_rules_the_services_and_the_bots_never_read_a_clock() -> None:
    readings = [
        place(name, node, dotted(node))
        for name in python_files("p2p_reflex/domain", "p2p_reflex/services", "bots")
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Call) and dotted(node) in CLOCKS
    ]

    assert readings == []
