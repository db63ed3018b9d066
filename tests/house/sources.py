"""Owns how the rules of the house read the project: its files, its lines, its names."""

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def project_files() -> tuple[str, ...]:
    """List every file that is or would be committed, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return tuple(sorted({name for name in names if name and (ROOT / name).is_file()}))


def python_files(*rooms: str) -> list[str]:
    """List the Python files, all of them or those of some rooms."""
    return [
        name
        for name in project_files()
        if name.endswith(".py") and (not rooms or name.startswith(tuple(f"{room}/" for room in rooms)))
    ]


@functools.cache
def text_of(name: str) -> str:
    """Read a file; a picture or another file that is not text reads as empty."""
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@functools.cache
def tree_of(name: str) -> ast.Module:
    """Parse a Python file."""
    return ast.parse(text_of(name), filename=name)


def functions_of(name: str) -> Iterator[Function]:
    """Yield every function and method of a file."""
    for node in ast.walk(tree_of(name)):
        if isinstance(node, FUNCTION):
            yield node


def dotted(node: ast.expr) -> str:
    """Write `a.b.c` or `a.b(...)` as text without its arguments."""
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)


def last_word(node: ast.expr) -> str:
    """Give the last name of `a.b.c` or `a.b(...)`."""
    return dotted(node).rpartition(".")[2]


def place(name: str, node: ast.AST, what: str = "") -> str:
    """Say where something is, so that an editor can jump to it."""
    return f"{name}:{getattr(node, 'lineno', 1)} {what}".rstrip()
