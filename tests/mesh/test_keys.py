import numpy as np
import pytest

from aigc.mesh.keys import among, distinct


@pytest.mark.parametrize("count", [0, 1, 500])
def test_sorted_sets_are_those_of_numpy(count: int) -> None:
    random = np.random.default_rng(count)
    values, others = random.integers(-50, 50, (count, 2)), random.integers(-50, 50, count // 4)

    assert np.array_equal(distinct(values), np.unique(values)) and distinct(values).dtype == values.dtype
    assert np.array_equal(among(values, others), np.isin(values, others))
