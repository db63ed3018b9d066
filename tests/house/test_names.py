"""Names say what a thing is; words that say nothing are not used."""

import ast
import re
from pathlib import PurePosixPath

from tests.house.sources import Function, functions_of, last_word, place, python_files, text_of, tree_of

EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "crud"}
EMPTY_WORDS |= {"info", "data", "handle", "process"}
NAMED_BY_A_LIBRARY = {"process_bind_param", "process_result_value"}
COMMON_AS_AN_ADJECTIVE = "common_passwords"
ROOMS = ("p2p_reflex", "bots", "tests", "benchmarks", "alembic")
INVESTOR_BY_NAME = "PremiumRate Investors"


def test_no_module_or_folder_is_named_with_an_empty_word() -> None:
    nameless = [
        name
        for name in python_files(*ROOMS)
        if any(_empty_words_in(PurePosixPath(part).stem) for part in PurePosixPath(name).parts)
    ]

    assert nameless == []


def test_no_function_or_class_is_named_with_an_empty_word() -> None:
    nameless = [
        place(name, node, node.name)
        for name in python_files(*ROOMS)
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and node.name not in NAMED_BY_A_LIBRARY
        and not node.name.startswith("test_")
        and _empty_words_in(node.name)
    ]

    assert nameless == []


def test_people_who_lend_are_called_lenders() -> None:
    called_otherwise = [
        f"{name}:{number}"
        for name in python_files("p2p_reflex", "bots")
        for number, line in enumerate(text_of(name).splitlines(), start=1)
        if re.search(r"investors?\b", line.replace(INVESTOR_BY_NAME, ""), re.IGNORECASE)
    ]

    assert called_otherwise == []


def test_cents_are_never_floats() -> None:
    floating = [place(name, node) for name in python_files() for node in _names_of_cents_that_float(name)]

    assert floating == []


def test_a_screen_and_its_state_share_their_name() -> None:
    pages = {PurePosixPath(name).stem for name in python_files("p2p_reflex/pages")}
    states_with_handlers = {
        PurePosixPath(name).stem
        for name in python_files("p2p_reflex/state")
        if any(_is_handler(function) for function in functions_of(name))
    }

    assert states_with_handlers - pages - {"frame", "__init__"} == set()


def _is_handler(function: Function) -> bool:
    return "event" in [last_word(decorator) for decorator in function.decorator_list]


def _empty_words_in(name: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.replace(COMMON_AS_AN_ADJECTIVE, ""))
    return EMPTY_WORDS & set(spaced.lower().split("_"))


def _names_of_cents_that_float(name: str) -> list[ast.AST]:
    found: list[ast.AST] = []
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.AnnAssign):
            label, annotation = ast.unparse(node.target), node.annotation
        elif isinstance(node, ast.arg) and node.annotation is not None:
            label, annotation = node.arg, node.annotation
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            label, annotation = node.name, node.returns
        else:
            continue
        if label.endswith("_cents") and re.search(r"\bfloat\b", ast.unparse(annotation)):
            found.append(node)
    return found
