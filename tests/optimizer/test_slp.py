"""Polish: never dearer, within limits and reach, and as good as a general solver."""

import casadi
import numpy as np
import pytest
from scipy.optimize import minimize

from optimizer.linearize import LEVERS, WHOLE, reachable
from optimizer.merit import Yardstick, judge
from optimizer.mpc import MpcSettings, search_radius
from optimizer.problem import Weights
from optimizer.slp import CONTINUOUS, polish
from twin.compiled import initial_state
from twin.config import load_site
from twin.forecast import Forecast, horizon_grid
from twin.scenario import load_scenario
from twin.signals import Inputs, Setpoints

SITES = {name: load_site(name) for name in ("hybrid_10mw", "legacy_air_2mw")}


def situation(name, date="07-15", steps=36):
    site = SITES[name]
    scenario = load_scenario(site, date, 24)
    step_s = horizon_grid()[:steps]
    start_s = np.concatenate([[0.0], np.cumsum(step_s)[:-1]])
    middle_s = start_s + step_s / 2
    forecast = Forecast(
        start_s,
        step_s,
        Inputs(*(np.asarray(v, float) for v in scenario.inputs_at(middle_s))),
        scenario.price_at(middle_s),
        scenario.carbon_at(middle_s),
    )
    active = Setpoints(*map(float, site.design))
    measure = Yardstick(
        site,
        forecast,
        Weights(),
        np.full(steps, 60 / 3.6e9),
        np.tile(np.array(site.limits) - 0.5, (steps, 1)),
        np.array(site.limits) - 0.5,
        0.1,
        np.array([getattr(active, lever) for lever in LEVERS]),
        np.zeros(len(LEVERS)),
    )
    now = Inputs(*(float(v[0]) for v in forecast.inputs))
    state = initial_state(site.facility, now, active)
    plan = Setpoints(*(np.full(steps, value) for value in active))
    start = judge(measure, (state, state), plan)
    reach = reachable(site.guard, active, start_s + 4 * 3600.0)
    return site, measure, start, reach


def radius_of(site):
    return search_radius(site, MpcSettings().radius)


@pytest.mark.parametrize("name", SITES)
def test_polish_is_cheaper_at_every_step_within_reach_and_keeps_units(name):
    site, measure, start, reach = situation(name)
    found = polish(measure, start, reach, 0.5 * radius_of(site), 4)
    assert (found.step_usd <= start.step_usd + 1e-9).all()
    assert found.step_usd.sum() < 0.999 * start.step_usd.sum()
    for i, lever in enumerate(LEVERS):
        values = np.asarray(getattr(found.setpoints, lever))
        if i in WHOLE:
            np.testing.assert_array_equal(values, getattr(start.setpoints, lever))
        slack = 1e-6 * max(1.0, np.abs(values).max())
        assert (values >= reach[0][:, i] - slack).all()
        assert (values <= reach[1][:, i] + slack).all()
    above_k = found.response.limited_c - measure.limits_c
    assert above_k.max() <= max(
        0.05, (start.response.limited_c - measure.limits_c).max()
    )


def test_more_rounds_never_cost_more():
    site, measure, start, reach = situation("hybrid_10mw", steps=8)
    costs = [
        polish(measure, start, reach, 0.5 * radius_of(site), rounds).step_usd.sum()
        for rounds in (0, 1, 3, 8)
    ]
    assert (np.diff(costs) <= 1e-9).all()


@pytest.mark.parametrize("date", ["01-20", "07-15"])
def test_polish_reaches_what_a_general_solver_finds(date):
    """SLSQP from five starts per step against the polish, on the same twin."""
    site, measure, start, reach = situation("hybrid_10mw", date, steps=3)
    found = polish(measure, start, reach, radius_of(site), 25)
    low, high = (bound[:, CONTINUOUS] for bound in reach)
    guess = (start.response.state, start.stressed.state)
    best = np.full(3, np.inf)
    rng = np.random.default_rng(0)

    def plans(shares):
        fields = start.setpoints._asdict()
        for column, i in enumerate(CONTINUOUS):
            span = high[:, column] - low[:, column]
            fields[LEVERS[i]] = low[:, column] + shares[:, column] * span
        return judge(measure, guess, Setpoints(**fields)).step_usd

    for _ in range(5):
        first = rng.uniform(0.0, 1.0, (3, len(CONTINUOUS)))
        for step in range(3):

            def one(x, step=step, first=first):
                shares = first.copy()
                shares[step] = x
                return plans(shares)[step]

            result = minimize(
                one,
                first[step],
                method="SLSQP",
                bounds=[(0.0, 1.0)] * len(CONTINUOUS),
                options={"maxiter": 40, "eps": 1e-4},
            )
            best[step] = min(best[step], result.fun)
    assert found.step_usd.sum() <= best.sum() * (1.0 + 1e-4)


class OnTwin(casadi.Callback):
    """Cost of one step of a plan on the twin, with central differences in one batch."""

    def __init__(self, of_batch, size):
        casadi.Callback.__init__(self)
        self.of_batch, self.size, self.kept = of_batch, size, []
        self.construct("on_twin", {})

    def get_sparsity_in(self, number):
        return casadi.Sparsity.dense(self.size, 1)

    def eval(self, given):
        point = np.array(given[0]).ravel()
        return [self.of_batch(point[None])[0]]

    def has_jacobian(self):
        return True

    def get_jacobian(self, name, names_in, names_out, options):
        made = Slope(self.of_batch, self.size, name, names_in, names_out)
        self.kept.append(made)  # casadi holds no reference
        return made


class Slope(casadi.Callback):
    """Its gradient."""

    def __init__(self, of_batch, size, name, names_in, names_out):
        casadi.Callback.__init__(self)
        self.of_batch, self.size = of_batch, size
        self.construct(name, {})

    def get_n_in(self):
        return 2

    def get_sparsity_in(self, number):
        return casadi.Sparsity.dense(*((self.size, 1) if number == 0 else (1, 1)))

    def get_sparsity_out(self, number):
        return casadi.Sparsity.dense(1, self.size)

    def eval(self, given):
        point = np.array(given[0]).ravel()
        half = 1e-4
        moved = half * np.eye(self.size)
        found = self.of_batch(np.concatenate([point + moved, point - moved]))
        return [(found[: self.size] - found[self.size :])[None] / (2.0 * half)]


@pytest.mark.slow
@pytest.mark.parametrize("date", ["01-20", "07-15"])
def test_polish_is_within_a_ten_thousandth_of_ipopt(date):
    """IPOPT from two starts, one program per step, as steps do not couple."""
    site, measure, start, reach = situation("hybrid_10mw", date, steps=3)
    found = polish(measure, start, reach, radius_of(site), 25)
    best = np.full(3, np.inf)
    rng = np.random.default_rng(0)
    for step in range(3):
        of_batch = _cost_of(measure, start, reach, step)
        size = len(CONTINUOUS)
        twin, x = OnTwin(of_batch, size), casadi.MX.sym("x", size)
        options = {
            "ipopt.print_level": 0,
            "print_time": 0,
            "ipopt.hessian_approximation": "limited-memory",
            "ipopt.max_iter": 40,
        }
        solver = casadi.nlpsol("s", "ipopt", {"x": x, "f": twin(x)}, options)
        for first in rng.uniform(0.0, 1.0, (2, size)):
            ended = solver(x0=first, lbx=0.0, ubx=1.0)
            best[step] = min(best[step], float(ended["f"]))
    assert found.step_usd.sum() <= best.sum() * (1.0 + 1e-4)


def _cost_of(measure, start, reach, step):
    """Cost of one step for a batch of shares of the reach, shape (point, lever)."""
    low, high = (bound[step, CONTINUOUS] for bound in reach)
    steps = len(measure.forecast.step_s)
    guess = (start.response.state, start.stressed.state)

    def one(point):
        fields = {name: np.array(v) for name, v in start.setpoints._asdict().items()}
        for share, least, most, i in zip(point, low, high, CONTINUOUS, strict=True):
            fields[LEVERS[i]] = np.full(steps, fields[LEVERS[i]])
            fields[LEVERS[i]][step] = least + share * (most - least)
        return judge(measure, guess, Setpoints(**fields)).step_usd[step]

    return lambda points: np.array([one(point) for point in points])
