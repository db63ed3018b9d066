"""The bots answer what people do: soon, together, and never themselves."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import select

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import BidState, Role
from p2p_reflex.live import reacting
from p2p_reflex.live.reacting import Reaction, let_bots_answer
from p2p_reflex.models import Bid
from p2p_reflex.services.bots import bot_runs, bot_steering
from p2p_reflex.services.days import opening
from p2p_reflex.services.listings import listings
from tests.builders import NOW, TODAY, a_borrower, a_form_key, a_listing, a_listing_form, a_member

WAIT = 0.02


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


def run(reaction: Reaction, story: Callable[[], Awaitable[None]]) -> None:
    async def serve() -> None:
        serving = asyncio.create_task(reaction.serve())
        await asyncio.sleep(0)
        try:
            await story()
            await asyncio.sleep(WAIT * 4)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(serve())


def test_what_several_people_do_in_a_moment_is_answered_together() -> None:
    answered: list[list[int]] = []
    reaction = Reaction(lambda ids: answered.append(list(ids)), wait=WAIT)

    async def story() -> None:
        for listing_id in (3, 1, 3):
            reaction.hear(frozenset({f"listing:{listing_id}", "market"}))
        reaction.hear(frozenset({"member:7", "books"}))
        await until(lambda: answered)

    run(reaction, story)

    assert answered == [[1, 3]]


def test_what_bots_did_is_not_answered() -> None:
    answered: list[list[int]] = []

    def answer(ids: Sequence[int]) -> None:
        answered.append(list(ids))
        reaction.hear(frozenset({"listing:1"}))

    reaction = Reaction(answer, wait=WAIT)

    async def story() -> None:
        reaction.hear(frozenset({"listing:2", "bots"}))
        reaction.hear(frozenset({"listing:1"}))
        await until(lambda: answered)

    run(reaction, story)

    assert answered == [[1]]


def test_a_bot_that_an_admin_changed_looks_at_the_whole_market_at_once() -> None:
    answered: list[Sequence[int] | None] = []
    reaction = Reaction(answered.append, wait=WAIT)

    async def story() -> None:
        reaction.hear(frozenset({"listing:1"}))
        reaction.hear(frozenset({"bots", "bots steered"}))
        await until(lambda: answered)
        await asyncio.sleep(WAIT * 4)
        reaction.hear(frozenset({"listing:2"}))
        await until(lambda: len(answered) == 2)

    run(reaction, story)

    assert answered == [None, [2]]


def test_a_look_at_the_whole_market_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reacting, "FIRST_RETRY_SECONDS", 0.01)
    answered: list[Sequence[int] | None] = []
    tries = iter([OSError("down")])

    def answer(ids: Sequence[int] | None) -> None:
        failure = next(tries, None)
        if failure is not None:
            raise failure
        answered.append(ids)

    reaction = Reaction(answer, wait=WAIT)

    async def story() -> None:
        reaction.hear(frozenset({"bots", "bots steered"}))
        await until(lambda: answered)

    run(reaction, story)

    assert answered == [None]


def test_a_bot_that_is_started_bids_without_waiting_for_the_sweep_and_a_reset_is_not_undone_at_once(
    database: Engine,
) -> None:
    house.run(opening.open_market, business_on=TODAY)
    house.run(bot_runs.enroll_bots, business_on=TODAY, now=NOW)
    admin_id = house.run(a_member, role=Role.ADMIN)
    act: dict[str, Any] = {"admin_id": admin_id, "business_on": TODAY, "now": NOW}
    house.run(bot_steering.switch_all, **act, is_running=False, form_key=a_form_key())
    house.run(a_listing, amount_cents=4_000_00, floor_rate="0.094", highest_rate="0.15")
    answers: list[Sequence[int] | None] = []

    def answer(ids: Sequence[int] | None) -> None:
        let_bots_answer(ids)
        answers.append(ids)

    reaction = Reaction(answer, wait=WAIT)
    stop = house.on_commit(reaction.hear)

    def live() -> int:
        return len(
            house.read(lambda session: session.exec(select(Bid.id).where(Bid.state == BidState.LIVE)).all())
        )

    async def story() -> None:
        starting = {**act, "is_running": True, "form_key": a_form_key()}
        await asyncio.to_thread(house.run, bot_steering.switch_all, **starting)
        await until(lambda: answers)
        assert live() > 0
        await asyncio.to_thread(house.run, bot_steering.reset, **act, bot_id=None, form_key=a_form_key())
        await asyncio.sleep(WAIT * 4)

    run(reaction, story)
    stop()

    assert (answers, live()) == ([None], 0)


def test_an_answer_that_fails_is_given_once_the_database_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reacting, "FIRST_RETRY_SECONDS", 0.01)
    answered: list[list[int]] = []
    tries = iter([OSError("down"), OSError("down")])

    def answer(ids: Sequence[int]) -> None:
        failure = next(tries, None)
        if failure is not None:
            raise failure
        answered.append(list(ids))

    reaction = Reaction(answer, wait=WAIT)

    async def story() -> None:
        reaction.hear(frozenset({"listing:1"}))
        await asyncio.sleep(WAIT * 1.5)
        reaction.hear(frozenset({"listing:2"}))
        await until(lambda: answered and sorted({each for ids in answered for each in ids}) == [1, 2])

    run(reaction, story)

    assert [each for ids in answered for each in ids].count(1) == 1


def test_a_new_listing_is_answered_by_the_bots_without_waiting_for_the_sweep(database: Engine) -> None:
    house.run(opening.open_market, business_on=TODAY)
    house.run(bot_runs.enroll_bots, business_on=TODAY, now=NOW)
    borrower_id = house.run(a_borrower)
    reaction = Reaction(let_bots_answer, wait=WAIT)
    stop = house.on_commit(reaction.hear)

    async def story() -> None:
        how = {"borrower_id": borrower_id, "form": a_listing_form(), "form_key": a_form_key()}
        await asyncio.to_thread(house.run, listings.publish, **how, business_on=TODAY, now=NOW)
        await until(lambda: house.read(lambda session: session.exec(select(Bid.id)).first()))

    run(reaction, story)
    stop()

    assert house.read(lambda session: session.exec(select(Bid.is_bot)).all())
