"""Spaces of the environment, and its datasheet."""

import numpy as np
from gymnasium import spaces

from optimizer.rl import observation
from optimizer.rl.actions import LEVERS


def observation_space() -> spaces.Box:
    """See ``datasheet``."""
    return spaces.Box(
        -observation.MOST, observation.MOST, (observation.COUNT,), np.float32
    )


def action_space() -> spaces.Box:
    """See ``datasheet``."""
    return spaces.Box(-1.0, 1.0, (len(LEVERS),), np.float32)
