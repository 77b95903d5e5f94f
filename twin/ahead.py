"""Compile what a control loop calls before its first turn, in a process of its own.

Compiling takes some ten seconds, in which a safety cycle must not stand still, and leaves
100 MB of compiler behind, which a controller at the edge does not have to spare. So another
process compiles into the cache on disk and ends; ours only loads.
"""

import multiprocessing

from twin.compiled import is_cached, settle, settle_many
from twin.config import Site
from twin.envelope import Scene, excess, excess_k
from twin.signals import Inputs, State

_ANY_STATE = State(*(20.0 for _ in State._fields))  # only its types matter


def make_ready(site: Site, inputs: Inputs) -> None:
    """Return when the guard's outlook answers at once, and the optimizer's is on disk.

    Parameters
    ----------
    site
        Whose plant is looked at; the compiled code is the same for all sites.
    inputs
        Any possible ones, floats.
    """
    if not all(is_cached(entry) for entry in (excess_k, settle_many)):
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=_call_all, args=(site, inputs), daemon=True)
        process.start()
        process.join()
    _look_ahead(site, inputs)  # compiles here if the other process could not


def _call_all(site: Site, inputs: Inputs) -> None:
    """Every entry that a daemon or its optimizer calls."""
    _look_ahead(site, inputs)
    settle(site.facility, _ANY_STATE, inputs, site.design, passes=1)


def _look_ahead(site: Site, inputs: Inputs) -> None:
    """Ask the guard's outlook once, as it is asked in every decision."""
    spare_units = float(site.spare.spare_units)
    scene = Scene(site.facility, site.limits, spare_units, _ANY_STATE, inputs)
    excess(scene, [float(value) for value in site.design])
