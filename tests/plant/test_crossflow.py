"""Crossflow, both streams unmixed: how far the usual fit is from the exact series."""

import numpy as np
from scipy.special import gammainc

from plant import heat_exchanger

TERMS = 60  # enough for 20 NTU


def mason(ntu, ratio):
    """Exact effectiveness: Mason (1955), as in Baclic (1978), eq. 6."""
    n = np.arange(TERMS)
    # 1 - exp(-x) times the first n + 1 terms of its series is the incomplete gamma
    sums = gammainc(n + 1.0, ntu) * gammainc(n + 1.0, ratio * ntu)
    return sums.sum() / (ratio * ntu)


def test_the_fit_is_within_what_the_docstring_says():
    ntu, ratio = np.meshgrid(np.geomspace(0.05, 10.0, 60), np.linspace(0.02, 1.0, 50))
    exact = np.vectorize(mason)(ntu, ratio)
    fitted = heat_exchanger.effectiveness_crossflow(ntu, ratio)
    assert -0.0205 < (fitted - exact).min() < (fitted - exact).max() < 0.0095
    assert np.abs(fitted / exact - 1.0).max() < 0.0385


def test_the_series_has_its_known_ends():
    np.testing.assert_allclose(mason(1.0, 1e-9), 1.0 - np.exp(-1.0), rtol=1e-6)
    np.testing.assert_allclose(mason(1.0, 1.0), 0.4764, atol=2e-3)
