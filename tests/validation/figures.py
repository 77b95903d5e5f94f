"""Figures that several validation tests compute."""

import numpy as np


def rmse(model, reference):
    """Root of the mean squared difference."""
    return np.sqrt(np.mean((np.asarray(model) - np.asarray(reference)) ** 2))


def nominal_ntu(effectiveness, ratio):
    """NTU that has this effectiveness in counterflow."""
    return np.log((effectiveness - 1) / (effectiveness * ratio - 1)) / (ratio - 1)
