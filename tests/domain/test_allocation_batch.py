"""The split of many payments at once gives the same cents as one after the other."""

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from p2p_reflex.domain import allocation_batch
from p2p_reflex.domain.allocation import NoteShare, split_to_lenders

notes = st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 360_000)), min_size=1, max_size=8).filter(
    lambda drawn: any(outstanding for outstanding, _ in drawn)
)
payments = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 10**5), st.integers(0, 10**4), notes),
    min_size=1,
    max_size=6,
)


def column(values: list[int]) -> np.ndarray:
    return np.array(values, dtype=np.int64)


@given(payments)
def test_every_split_is_the_one_of_a_single_payment(drawn: list) -> None:
    every_note = [note for *_, its_notes in drawn for note in its_notes]

    parts = allocation_batch.split_many(
        principal_cents=column([payment[0] for payment in drawn]),
        interest_cents=column([payment[1] for payment in drawn]),
        late_fee_cents=column([payment[2] for payment in drawn]),
        note_counts=column([len(payment[3]) for payment in drawn]),
        outstanding_cents=column([outstanding for outstanding, _ in every_note]),
        rate_millionths=column([rate for _, rate in every_note]),
    )

    one_by_one = [
        part
        for principal, interest, late_fee, its_notes in drawn
        for part in split_to_lenders(
            principal_cents=principal,
            interest_cents=interest,
            late_fee_cents=late_fee,
            notes=[NoteShare(0, cents, Decimal(rate) / 1_000_000) for cents, rate in its_notes],
        )
    ]
    for name in ("principal_cents", "interest_cents", "late_fee_cents", "servicing_fee_cents", "net_cents"):
        assert getattr(parts, name).tolist() == [getattr(part, name) for part in one_by_one]


def test_what_does_not_fit_into_64_bits_is_left_to_the_other_way() -> None:
    fits = allocation_batch.fits(
        amount_cents=column([10**5, 10**9]),
        outstanding_cents=column([10**7, 10**10]),
        highest_rate_millionths=column([360_000, 360_000]),
    )

    assert fits.tolist() == [True, False]
