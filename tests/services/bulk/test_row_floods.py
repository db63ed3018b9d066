"""The garbage collector rests while rows flood by, and always wakes again."""

import gc

import pytest

from p2p_reflex.services.bulk.row_floods import collector_rests


def test_the_collector_rests_during_a_flood_and_wakes_after_it() -> None:
    with collector_rests():
        during = gc.isenabled()

    assert (during, gc.isenabled()) == (False, True)


def test_the_first_of_two_floods_to_end_leaves_the_collector_at_rest() -> None:
    first, second = collector_rests(), collector_rests()
    first.__enter__()
    second.__enter__()

    first.__exit__(None, None, None)
    between = gc.isenabled()
    second.__exit__(None, None, None)

    assert (between, gc.isenabled()) == (False, True)


def test_a_flood_that_breaks_wakes_the_collector() -> None:
    with pytest.raises(ValueError, match="broken"), collector_rests():
        raise ValueError("broken")

    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with collector_rests():
            pass

        assert not gc.isenabled()
    finally:
        gc.enable()
