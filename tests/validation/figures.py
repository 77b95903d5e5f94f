"""Figures that several validation tests compute."""

import re

import numpy as np

PRINTED_M3_S = 2e-7  # sums of volume flows that the reference prints to 1e-7 m3/s
EQUAL = 1e-6  # capacity rates nearer to each other are moved apart, 0.0001 % of NTU


def rmse(model, reference):
    """Root of the mean squared difference."""
    return np.sqrt(np.mean((np.asarray(model) - np.asarray(reference)) ** 2))


def nominal_ntu(effectiveness, ratio):
    """NTU that has this effectiveness in counterflow, equal capacity rates included."""
    apart = np.where(np.abs(ratio - 1.0) < EQUAL, ratio - 2.0 * EQUAL, ratio)
    return np.log((effectiveness - 1) / (effectiveness * apart - 1)) / (apart - 1)


def max_error(model, reference):
    """Largest difference."""
    return np.abs(np.asarray(model) - np.asarray(reference)).max()


def number_in(text, name):
    """Number that a text states as ``name=number``.

    Raises
    ------
    KeyError
        The text has none; says which was looked for.
    """
    found = re.search(rf"\b{name}=(-?[\d.]*\d)", text)
    if found is None:
        missing = f"{name}=... in the text {text[:60]!r}"
        raise KeyError(missing)
    return float(found[1])
