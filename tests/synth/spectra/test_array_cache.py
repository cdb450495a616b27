import numpy as np
import pytest

from chingolo.synth.spectra.array_cache import cached_arrays


def test_what_is_kept_is_bounded_in_bytes():
    made = []

    def ones(count: int, *, factor: float = 1.0) -> np.ndarray:
        made.append(count)
        return factor * np.ones(count)

    cached = cached_arrays(ones, most_bytes=800)
    first = cached(40)
    assert cached(40) is first
    assert cached(40, factor=2.0)[0] == 2.0
    assert made == [40, 40]
    cached(40)  # the older of the two is the one of factor 2 by now
    cached(50)
    cached(40)
    assert made == [40, 40, 50]
    cached(40, factor=2.0)
    assert made == [40, 40, 50, 40]
    cached(101)
    cached(101)
    assert made[4:] == [101, 101]  # too large to be kept, and it drives nothing out
    cached(40, factor=2.0)
    assert len(made) == 6
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 3
