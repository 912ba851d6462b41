import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from sertoli.sperm.tracking._assign import assign

NEVER = 1e6


def best(n: int, m: int, i: np.ndarray, j: np.ndarray, cost: np.ndarray) -> tuple[int, float]:
    table = np.full((n, m), NEVER)
    table[i, j] = cost
    a, b = linear_sum_assignment(table)
    chosen = table[a, b]
    return int((chosen < NEVER).sum()), float(chosen[chosen < NEVER].sum())


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(1, 60), share=st.floats(0.02, 0.6))
def test_as_many_as_can_be_and_then_the_cheapest(seed: int, size: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    n, m = size, int(rng.integers(1, 2 * size + 1))
    i, j = np.nonzero(rng.random((n, m)) < share)
    if not len(i):
        return
    cost = rng.uniform(0, 10, len(i))
    a, b = assign(i, j, cost)
    assert len(set(a.tolist())) == len(a)
    assert len(set(b.tolist())) == len(b)
    price = dict(zip(zip(i.tolist(), j.tolist(), strict=True), cost.tolist(), strict=True))
    paid = sum(price[pair] for pair in zip(a.tolist(), b.tolist(), strict=True))
    many, least = best(n, m, i, j, cost)
    assert len(a) == many
    assert paid == pytest.approx(least)


def test_a_crowd_of_pairs_without_rivals_is_paired_whole() -> None:
    count = 1000
    i = np.repeat(np.arange(count), 2)
    j = i.copy()
    j[1::2] = (j[1::2] + 1) % count
    cost = np.where(i == j, 1.0, 5.0)
    a, b = assign(i, j, cost)
    assert np.array_equal(np.sort(a), np.arange(count))
    assert np.array_equal(a, b)
