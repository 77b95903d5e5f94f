"""Many plants of one place, decided for together: what every environment is made of.

A day is prepared once: half a day of warm-up under the rules, then the rules' own cost of
every interval. Learning starts where the warm-up ended, and its reward is how much less an
interval cost than under the rules on the same day. That is minus the objective of
``optimizer.problem``, less a number that no action changes: which policy is best stays the
same, and weather and load no longer drown what the policy did.
"""

from typing import Any, NamedTuple

import numpy as np
from numba.typed import List as TypedList
from numpy.typing import NDArray

from optimizer.episodes import WARM_UP_S
from optimizer.problem import Weights
from optimizer.rl import actions, cases, loop, observation
from optimizer.rl.costs import Carried, Interval, interval_usd
from optimizer.rl.loop import Days, Plants, Rules
from optimizer.rl.shield import tight
from optimizer.rules import RulesController
from twin.compiled import initial_state
from twin.sensors import SensorNoise, deviations
from twin.signals import Inputs, Outputs, Setpoints, State
from twin.simulate import pace_of
from twin.site import MOST_STARTS
from twin.walks import guards_of

Array = NDArray[np.float64]
USUAL_USD_J = 60.0 / 3.6e9  # makes rewards comparable between sites
PERCENT = 100.0
BEGUN = 0.5  # share of the days within a billing period, the others begin one


class Moment(NamedTuple):
    """Everything that many plants go on from; the first axis counts them."""

    plants: Plants
    carried: Carried
    measured: Array  # (plants, outputs), with noise
    base: Array  # (plants, setpoints), what the rules want
    last: Array  # (plants, levers), action before


class Prepared(NamedTuple):
    """Days of one place, ready to be lived through."""

    place: cases.Place
    nameplates: Any  # typed list of ``Facility``
    days: Days
    priced: Array  # (days, cycles, 2)
    ahead: Array  # (days, cycles, leads * signals)
    pv_w: Array  # (days, cycles)
    noise: Array  # (days, cycles, outputs), standard normal
    start: Moment  # after the warm-up
    rules_usd: Array  # (days, cycles), what the rules cost


class Told(NamedTuple):
    """What an interval brought, arrays over the plants."""

    usd: Array
    rules_usd: Array
    share: Array  # of the way that the shield let pass
    changed: Array  # setpoints that the guard changed
    rows: Array  # (plants, scans, outputs)
    active: Array  # (plants, setpoints)


class Batch:
    """Plants of one place, each somewhere in one of the prepared days.

    Parameters
    ----------
    place
        Site and rules.
    days, nameplates
        What happens, see ``Prepared``.
    weights
        Of the objective.
    """

    def __init__(self, prepared: Prepared, weights: Weights | None = None) -> None:
        site = prepared.place.site
        self.prepared, self.site = prepared, site
        self._weights = weights or Weights()
        rules = RulesController(site, prepared.place.rules).policy.parameters
        self._rules = TypedList([Rules(guards_of(site), tight(site.limits), rules)])
        self._pace = pace_of(site, cases.STEP_S, None)
        self.reach = actions.reach_of(site)
        pressure = float(prepared.days.at_cycles[0, 3, 0])
        self._sight = observation.sight_of(site, pressure)
        self._deviation = deviations(SensorNoise())
        self.warm_up = round(WARM_UP_S / self._pace.control_s)
        self.cycles = prepared.days.at_cycles.shape[2]
        self.scale_usd = (
            site.facility.it.racks.rated_power_w * self._pace.control_s * USUAL_USD_J
        ) / PERCENT

    def begin(self, which: NDArray[np.int64]) -> None:
        """Put plants at the start of these days, after the warm-up."""
        self.which = which.copy()
        self.cycle = np.full(len(which), self.warm_up, dtype=np.int64)
        self.moment = _taken(self.prepared.start, which)

    def restart(self, plants: NDArray[np.int64], which: NDArray[np.int64]) -> None:
        """Put some of the plants at the start of other days."""
        self.which[plants] = which
        self.cycle[plants] = self.warm_up
        fresh = _taken(self.prepared.start, which)
        m = self.moment
        for held, new in (
            *zip(m.plants, fresh.plants, strict=True),
            *zip(m.carried, fresh.carried, strict=True),
            *zip(m[2:], fresh[2:], strict=True),
        ):
            np.asarray(held)[plants] = new

    def observed(self) -> Array:
        """Observations, shape (plants, ``observation.COUNT``)."""
        # at the end of a day its last weather and prices still stand
        at = (self.which, np.minimum(self.cycle, self.cycles - 1))
        m = self.moment
        seen = observation.Seen(
            self.prepared.days.at_cycles[self.which, :, at[1]],
            np.asarray(self.cycle * self._pace.control_s, dtype=np.float64),
            m.measured,
            m.plants.active,
            m.base,
            self.prepared.priced[at],
            self.prepared.ahead[at],
            m.last,
            m.carried.peak_w,
        )
        return observation.raw(seen, self._sight)

    def advance(self, action: Array) -> Told:
        """One control interval with these actions, shape (plants, levers)."""
        m, p = self.moment, self.prepared
        count, outputs = len(self.which), len(Outputs._fields)
        rows = np.empty((count, self._pace.scans, outputs))
        share, changed = np.empty(count), np.empty(count)
        wanted = actions.wanted(self.reach, m.base, action)
        loop.acted()(
            self._rules,
            p.nameplates,
            p.days,
            (self.which, self.cycle),
            (m.base, wanted),
            m.plants,
            (self._pace.dt_s, self._pace.control_s),
            (rows, share, changed),
        )
        at = (self.which, self.cycle)
        now = Interval(
            p.days.at_cycles[self.which, :, self.cycle],
            rows,
            m.plants.active,
            p.priced[at],
            p.pv_w[at],
        )
        hours = cases.JUDGED_S / 3600.0
        usd, carried = interval_usd(self.site, self._weights, m.carried, now, hours)
        measured = self._sensed(rows[:, -1], p.noise[at])
        taken = np.clip(action, -1.0, 1.0)
        self.moment = Moment(m.plants, carried, measured, m.base, taken)
        told = Told(
            usd, p.rules_usd[at].copy(), share, changed, rows, m.plants.active.copy()
        )
        self.cycle += 1
        self._by_rules()
        return told

    def _sensed(self, rows: Array, noise: Array) -> Array:
        """What sensors make of the truth."""
        relative, absolute = self._deviation
        return np.asarray(rows * (1.0 + relative * noise) + absolute * noise)

    def _by_rules(self) -> None:
        """What the rules want next; the last cycle of a day has no next."""
        at = np.minimum(self.cycle, self.cycles - 1)
        inputs = np.ascontiguousarray(self.prepared.days.at_cycles[self.which, :, at])
        m = self.moment
        loop.looked()(self._rules, inputs, m.measured, m.plants.active, m.base)


def _taken(start: Moment, which: NDArray[np.int64]) -> Moment:
    """Copies of some days' moments."""
    return Moment(
        Plants(*(part[which] for part in start.plants)),
        Carried(*(part[which] for part in start.carried)),
        *(part[which] for part in start[2:]),
    )


def prepare(
    place: cases.Place, count: int, rng: np.random.Generator, judged: bool = True
) -> Prepared:
    """Draw days and live through their warm-up under the rules.

    Parameters
    ----------
    place
        Where.
    count
        Days.
    rng
        The same state draws the same days.
    judged
        Whether what the rules cost on the rest of each day is wanted.
    """
    return lived([cases.draw(place, rng) for _ in range(count)], place, rng, judged)


def lived(
    drawn: list[cases.Case],
    place: cases.Place,
    rng: np.random.Generator,
    judged: bool = True,
) -> Prepared:
    """Given days with their warm-up, see ``prepare``."""
    read = [cases.tables(place, case) for case in drawn]
    days = Days(
        np.stack([t.now.middles for t in read]),
        np.stack([t.now.at_cycles for t in read]),
        np.stack([t.now.worst for t in read]),
    )
    nameplates = TypedList()
    for case in drawn:
        nameplates.append(case.plant)
    cycles = days.at_cycles.shape[2]
    prepared = Prepared(
        place,
        nameplates,
        days,
        np.stack([t.priced for t in read]),
        np.stack([t.ahead for t in read]),
        np.stack([t.pv_w for t in read]),
        rng.standard_normal((len(drawn), cycles, len(Outputs._fields))),
        _cold(place, drawn, days),
        np.zeros((len(drawn), cycles)),
    )
    return _warm(prepared, _peaks(place, len(drawn), rng), judged)


def _peaks(place: cases.Place, count: int, rng: np.random.Generator) -> Array:
    """Peaks of billing periods that have begun at some time before [W]."""
    rated_w = float(place.site.facility.it.racks.rated_power_w)
    begun = rng.random(count) < BEGUN
    return np.asarray(np.where(begun, rng.uniform(0.3, 1.2, count), 0.0) * rated_w)


def _cold(place: cases.Place, drawn: list[cases.Case], days: Days) -> Moment:
    """Plants that are settled at the design, before the first cycle."""
    design = np.array([float(value) for value in place.site.design])
    plain = Setpoints(*design)
    states = [
        initial_state(case.plant, Inputs(*at), plain)
        for case, at in zip(drawn, days.at_cycles[:, :, 0], strict=True)
    ]
    count, fields = len(drawn), len(design)
    outputs = len(Outputs._fields)
    control_s = place.site.control.control_interval_s
    plants = Plants(
        np.array(states, dtype=float).reshape(count, len(State._fields)),
        np.tile(design, (count, 1)),
        np.full((count, fields), -np.inf),
        np.full((count, 1), -control_s),
        np.full((count, fields, MOST_STARTS), -np.inf),
    )
    carried = Carried(
        np.zeros((count, outputs)),
        plants.active.copy(),
        np.zeros((count, fields)),
        np.zeros(count),
    )
    return Moment(
        plants,
        carried,
        np.full((count, outputs), np.nan),
        plants.active.copy(),  # nothing measured yet: the rules want the design
        np.zeros((count, len(actions.LEVERS))),
    )


def _warm(prepared: Prepared, peak_w: Array, judged: bool) -> Prepared:
    """The same days with their start after the warm-up, and the rules' cost of the rest."""
    batch = Batch(prepared)
    every = np.arange(len(prepared.nameplates))
    batch.begin(every)
    batch.cycle[:] = 0
    still = np.zeros((len(every), len(actions.LEVERS)))
    for _ in range(batch.warm_up):
        batch.advance(still)
    warm = _taken(batch.moment, every)
    start = warm._replace(carried=warm.carried._replace(peak_w=peak_w))
    ready = prepared._replace(start=start)
    if not judged:
        return ready
    batch = Batch(ready)
    batch.begin(every)
    for cycle in range(batch.warm_up, batch.cycles):
        ready.rules_usd[:, cycle] = batch.advance(still).usd
    return ready
