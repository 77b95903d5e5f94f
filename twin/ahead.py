"""Compile what a control loop calls before its first turn, in a process of its own.

Compiling takes some ten seconds, in which a safety cycle must not stand still, and leaves
100 MB of compiler behind, which a controller at the edge does not have to spare. So another
process compiles into the cache on disk and ends; ours only loads.
"""

import multiprocessing

import numpy as np

from twin.closed_loop import run_scans
from twin.compiled import is_cached, settle, settle_many
from twin.config import Site
from twin.envelope import Scene, excess, excess_k
from twin.signals import Inputs, Outputs, Setpoints, State

_ENTRIES = (excess_k, settle_many, run_scans)
# only their types matter
_STATE = State(*(20.0 for _ in State._fields))
_INPUTS = Inputs(20.0, 15.0, 0.01, 1e5, 0.0)


def make_ready(site: Site) -> None:
    """Return when the guard's outlook answers at once, and the optimizer's is on disk.

    Parameters
    ----------
    site
        Whose plant is looked at; the compiled code is the same for all sites.
    """
    if not all(is_cached(entry) for entry in _ENTRIES):
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=_call_all, args=(site,), daemon=True)
        process.start()
        process.join()
    _look_ahead(site)  # compiles here if the other process could not


def _call_all(site: Site) -> None:
    """Every entry that a daemon or its optimizer calls."""
    _look_ahead(site)
    plant, design = site.facility, Setpoints(*(float(value) for value in site.design))
    settle(plant, _STATE, _INPUTS, design, passes=1)
    series = np.array(_INPUTS)[:, None]
    run_scans(plant, _STATE, series, design, 1.0, np.empty((1, len(Outputs._fields))))


def _look_ahead(site: Site) -> None:
    """Ask the guard's outlook once, as it is asked in every decision."""
    spare_units = float(site.spare.spare_units)
    scene = Scene(site.facility, site.limits, spare_units, _STATE, _INPUTS)
    excess(scene, np.array(site.design, dtype=float))
