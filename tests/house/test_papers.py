"""The papers of the house keep up with it: links lead somewhere, settings and commands are listed."""

import re
import tomllib

from p2p_reflex.settings import Settings
from tests.house.sources import ROOT, project_files, text_of

LINK = re.compile(r"\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|<img[^>]+src=\"([^\"]+)\"")
HEADING = re.compile(r"^#+\s+(.+?)\s*$", re.MULTILINE)


def test_every_link_between_the_papers_leads_somewhere() -> None:
    broken = [
        f"{name}: {target}"
        for name in project_files()
        if name.endswith(".md")
        for target in _links_of(name)
        if not _leads_somewhere(name, target)
    ]

    assert broken == []


def test_the_readme_lists_every_setting() -> None:
    readme = text_of("README.md")

    unlisted = [name for name in _settings() if f"`{name}`" not in readme]

    assert unlisted == []


def test_the_readme_lists_no_setting_that_does_not_exist() -> None:
    listed = set(re.findall(r"`(P2P_[A-Z_]+)`", text_of("README.md")))

    assert listed - _settings() == set()


def test_the_readme_names_every_command() -> None:
    commands = re.findall(r"^([a-z-]+):.*## ", text_of("Makefile"), re.MULTILINE)

    unnamed = [command for command in commands if f"make {command}" not in text_of("README.md")]

    assert commands
    assert unnamed == []


def test_every_dependency_is_pinned_and_locked_at_the_same_version() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    running, development = text_of("requirements.lock"), text_of("requirements-dev.lock")

    wanted = [(pin, running) for pin in project["dependencies"]]
    wanted += [(pin, development) for pins in project["optional-dependencies"].values() for pin in pins]

    assert [pin for pin, lock in wanted if f"\n{_bare(pin)} " not in lock] == []


def test_both_locks_agree() -> None:
    running, development = _pins("requirements.lock"), _pins("requirements-dev.lock")

    assert running - development == set()


def test_every_decision_stands_in_the_list_of_decisions() -> None:
    folder = "docs/decisions/"
    decisions = [
        name.removeprefix(folder) for name in project_files() if re.match(rf"{folder}\d{{4}}-", name)
    ]
    listed = text_of(f"{folder}README.md")

    assert decisions
    assert [name for name in decisions if f"({name})" not in listed] == []


def _settings() -> set[str]:
    fields = {f"P2P_{field.upper()}" for field in Settings.model_fields}
    return fields | set(re.findall(r"P2P_[A-Z_]+", text_of("rxconfig.py")))


def _links_of(name: str) -> list[str]:
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text_of(name), flags=re.DOTALL)
    targets = [first or second for first, second in LINK.findall(prose)]
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def _leads_somewhere(name: str, target: str) -> bool:
    path, _, anchor = target.partition("#")
    paper = (ROOT / name).parent / path if path else ROOT / name
    if not paper.exists():
        return False
    if not anchor or paper.suffix != ".md":
        return True
    return anchor in {_anchor(heading) for heading in HEADING.findall(paper.read_text(encoding="utf-8"))}


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _bare(pin: str) -> str:
    return re.sub(r"\[[^\]]*\]", "", pin)


def _pins(lock: str) -> set[str]:
    return set(re.findall(r"^([\w.-]+==\S+)", text_of(lock), re.MULTILINE))
