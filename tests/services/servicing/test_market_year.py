"""A market with bots and all kinds of payers: whatever happens to the runners, the books are the same.

`make soak` does the same for a year.
"""

from collections.abc import Callable

import pytest
from sqlalchemy.engine import Engine

from tests import soak

DAYS = 10
SEED = 7


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_days_killed_at_random_and_closed_by_two_are_as_undisturbed_ones(
    database: Engine, request: pytest.FixtureRequest
) -> None:
    if not soak.OUTCOMES.exists():
        pytest.skip("The outcomes of real loans are not beside this project.")

    make: Callable[[], str] = request.getfixturevalue("_sqlite_maker")
    ways = (soak.plainly, soak.killed_at_random(SEED), soak.by_two)
    hashes = {soak.live_through(make(), days=DAYS, seed=SEED, close=close) for close in ways}

    assert len(hashes) == 1
