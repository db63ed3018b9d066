"""Owns the way to the real cases these tests are held against; a test is skipped where they are absent."""

from pathlib import Path

import pytest

_FOLDER = Path(__file__).parents[2].parent / "shared" / "data"


def shared_case(name: str) -> Path:
    path = _FOLDER / name
    if not path.exists():
        pytest.skip(f"the shared cases are not beside this checkout: ../shared/data/{name}")
    return path
