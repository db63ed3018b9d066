"""One look at the database serves all who ask for the same, until something changes."""

import asyncio

import pytest

from p2p_reflex.live.changes import Changes
from p2p_reflex.live.shared import SharedAnswers


def an_open_memory(**limits: int) -> tuple[Changes, SharedAnswers]:
    changes = Changes()
    shared = SharedAnswers(changes, **limits)
    shared.is_on = True
    return changes, shared


def test_many_who_ask_at_once_share_one_look() -> None:
    changes, shared = an_open_memory()
    looks: list[int] = []

    async def look() -> int:
        looks.append(1)
        await asyncio.sleep(0.01)
        return len(looks)

    async def story() -> list[int]:
        return await asyncio.gather(*(shared.get("market", ("market",), look) for _ in range(50)))

    assert asyncio.run(story()) == [1] * 50
    assert changes.now == 0


def test_a_change_of_its_topic_makes_an_answer_old_and_of_another_does_not() -> None:
    changes, shared = an_open_memory()
    looks: list[int] = []

    async def look() -> int:
        looks.append(1)
        return len(looks)

    async def story() -> list[int]:
        first = await shared.get("market", ("market", "day"), look)
        changes.note({"member:7"})
        same = await shared.get("market", ("market", "day"), look)
        changes.note({"market"})
        return [first, same, await shared.get("market", ("market", "day"), look)]

    assert asyncio.run(story()) == [1, 1, 2]


def test_a_change_while_the_answer_is_looked_up_makes_it_old() -> None:
    changes, shared = an_open_memory()
    looks: list[int] = []

    async def look() -> int:
        looks.append(1)
        changes.note({"market"})
        return len(looks)

    async def story() -> list[int]:
        return [await shared.get("market", ("market",), look) for _ in range(2)]

    assert asyncio.run(story()) == [1, 2]


def test_a_failure_is_told_and_not_kept() -> None:
    _, shared = an_open_memory()
    answers = iter([OSError("the database is down"), 7])

    async def look() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def story() -> int:
        with pytest.raises(OSError, match="down"):
            await shared.get("market", (), look)
        await asyncio.sleep(0)
        return await shared.get("market", (), look)

    assert asyncio.run(story()) == 7


def test_the_memory_of_answers_and_of_changes_is_bounded() -> None:
    changes = Changes(most_topics=10)
    shared = SharedAnswers(changes, most=5)
    shared.is_on = True

    async def look() -> int:
        return 1

    async def story() -> None:
        for number in range(100):
            await shared.get(number, (f"member:{number}",), look)
            changes.note({f"member:{number}"})

    asyncio.run(story())

    assert len(shared) == 5
    assert changes.any_since(0, ["member:1"])
    assert not changes.any_since(changes.now, ["member:1", "member:99"])
