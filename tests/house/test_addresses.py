"""Nothing in the repository knows a package registry or the machine it was written on."""

import json
import re

import pytest

from tests.house.sources import project_files, text_of

# Written in two halves, so that this file keeps its own rule.
REGISTRIES = re.compile(
    "|".join(
        re.escape(".".join(host))
        for host in (
            ("pypi", "org"),
            ("files", "pythonhosted"),
            ("registry", "npmjs"),
            ("registry", "yarnpkg"),
            ("npmjs", "com"),
            ("npmjs", "org"),
            ("deb", "debian", "org"),
        )
    )
    + "|npm"
    + "mirror"
)
MACHINE_PATHS = re.compile(r"(?<![\w./-])/(?:work|root|home|farm|Users)" + r"/\w")
PYTHON_LOCKS = ("requirements.lock", "requirements-dev.lock")


def test_no_file_names_a_package_registry() -> None:
    named = [name for name in project_files() if REGISTRIES.search(text_of(name))]

    assert named == []


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    named = [
        f"{name}:{number}"
        for name in project_files()
        for number, line in enumerate(text_of(name).splitlines(), start=1)
        if MACHINE_PATHS.search(line)
    ]

    assert named == []


@pytest.mark.parametrize("lock", PYTHON_LOCKS)
def test_a_python_lock_has_hashes_and_no_addresses(lock: str) -> None:
    text = text_of(lock)

    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text
    assert text.count("==") <= text.count("--hash=sha256:")


def test_the_node_lock_has_hashes_and_no_addresses() -> None:
    lock = "reflex.lock/package-lock.json"
    if lock not in project_files():
        pytest.skip("The pages have not been built yet.")

    packages = json.loads(text_of(lock))["packages"]

    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
