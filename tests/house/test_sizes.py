"""Files and functions stay small enough to be read at one sitting."""

import ast

from tests.house.sources import functions_of, place, python_files, text_of, tree_of

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60
HISTORY = "alembic/versions/"  # drafted by a machine, and never touched again


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    lengths = {name: text_of(name).count("\n") for name in python_files() if not name.startswith(HISTORY)}

    crowded = {name: length for name, length in lengths.items() if length > MOST_LINES_OF_A_FILE}

    assert crowded == {}


def test_no_function_is_longer_than_sixty_lines() -> None:
    long_functions = [
        place(name, function, function.name)
        for name in python_files()
        if not name.startswith(HISTORY)
        for function in functions_of(name)
        if (function.end_lineno or 0) - function.lineno + 1 > MOST_LINES_OF_A_FUNCTION
    ]

    assert long_functions == []


def test_the_first_line_of_every_module_says_what_it_owns() -> None:
    silent = [
        name
        for name in python_files("p2p_reflex", "bots", "benchmarks", "alembic")
        if not (ast.get_docstring(tree_of(name)) or "").splitlines()[:1] or tree_of(name).body[0].lineno != 1
    ]

    assert silent == []
