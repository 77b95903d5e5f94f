"""``wetbulb compare --days | --weeks | --year``: many days, two processes, intervals."""

import json
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from dashboards import console, contest_report, controllers
from dashboards.plain import plain
from dashboards.progress import WorkProgress, work_bar
from optimizer import best_constant, trials
from optimizer.ablation import LEVER_GROUPS
from optimizer.contest import Contest, Outcome, Task, kept, plant_of, run_all
from optimizer.contestants import BEST_CONSTANT, BOUNDS, LEARNED, PLAIN, WITHOUT
from optimizer.episodes import (
    Episode,
    World,
    check_weather,
    sample,
    scenario_of,
    whole_year,
)
from optimizer.rl import policy
from optimizer.rules_file import tuned_for
from optimizer.verdict import Verdict, judge
from twin.compiled import source_digest
from twin.config import load_site
from twin.errors import ConfigError, GuardRefusedError
from twin.resources import available, resolve
from twin.run_store import RunStore, file_hash
from twin.scenario import WEATHER_SUFFIXES
from twin.signals import Setpoints
from twin.workload import SUFFIXES

__all__ = ["Compared", "Request", "World", "run", "summary"]

CONSTANT_GENERATIONS = 40
SECONDS_A_DAY = {
    "fixed": 0.1,
    "rules": 0.2,
    "search": 10.0,
    BEST_CONSTANT: 0.1,
    LEARNED: 3.0,
}
POLICIES = "policies.json"  # which learned controllers the outcomes are of
MPC_SECONDS_A_DAY = 25.0  # first guess of the time left; then measured


class Request(NamedTuple):
    """What the user asked for."""

    site: str
    world: World
    controllers: tuple[str, ...]
    seed: int
    spread: float
    days: int  # single days over the year; 0 if none
    weeks: int  # weeks over the year; 0 if none
    year: bool
    ablation: bool
    out: Path
    page: Path | None = None  # document with the tables of all sites


class Compared(NamedTuple):
    """A finished comparison."""

    request: Request
    site: str
    rules: str  # where the parameters of the rules are from
    episodes: tuple[Episode, ...]
    outcomes: list[Outcome]
    verdict: Verdict
    constants: Setpoints | None
    wall_s: float


def run(request: Request, as_json: bool) -> None:
    """Compare on one site, or on all shipped ones one after the other.

    Raises
    ------
    WetbulbError
        If an input is wrong, a run ended early, or a setpoint left the guard's limits.
    """
    every = available("sites", ".yaml") if request.site == "all" else [request.site]
    found = []
    for name in every:
        here = request.out / name if request.site == "all" else request.out
        one = request._replace(site=name, out=here)
        found.append(_compare(one))
        contest_report.write(found[-1])
        if not as_json:
            contest_report.show(found[-1])
    if request.page:
        contest_report.write_page(request.page, found, sys.argv[1:])
    if as_json:
        documents = [summary(one) for one in found]
        console.write_json(documents if request.site == "all" else documents[0])
    broken = [
        f"{outcome.controller} on {outcome.episode.name}: {text}"
        for one in found
        for outcome in one.outcomes
        for text in outcome.guard_violations
    ]
    if broken:
        message = "setpoints left the guard's limits:\n" + "\n".join(broken[:20])
        raise GuardRefusedError(message)


def _compare(request: Request) -> Compared:
    """All tasks of one site, then the verdict."""
    began_s = time.monotonic()
    names = request.controllers
    groups = tuple(f"{WITHOUT}{group}" for group in LEVER_GROUPS)
    controllers.check(names, (*PLAIN, *BOUNDS, *groups))
    if request.ablation:
        if "mpc" not in names:
            message = "--ablation: takes levers from the mpc; add it to --controllers."
            raise ConfigError(message)
        names += tuple(group for group in groups if group not in names)
    site = load_site(request.site)
    episodes = _episodes(request)
    check_weather(site, request.world, episodes)
    tuned = tuned_for(request.site)
    contest = Contest(
        request.site, request.world, request.seed, request.spread, tuned.rules
    )
    folder = _folder(request, contest, episodes)
    _same_policies(request)
    if BEST_CONSTANT in names:
        contest = contest._replace(constants=_constants(request, contest, episodes))
    tasks = tuple(Task(name, episode) for name in names for episode in episodes)
    outcomes = _run(contest, _slowest_first(tasks), folder)
    ordered = sorted(outcomes, key=lambda o: tasks.index(Task(o.controller, o.episode)))
    return Compared(
        request,
        site.name,
        tuned.told,
        episodes,
        ordered,
        judge(ordered),
        contest.constants,
        time.monotonic() - began_s,
    )


def _episodes(request: Request) -> tuple[Episode, ...]:
    """Days that are judged."""
    asked = (request.days > 0, request.weeks > 0, request.year)
    if sum(asked) != 1:
        message = "give one of --days N, --weeks K and --year."
        raise ConfigError(message)
    if request.year:
        return whole_year()
    if request.weeks:
        return sample(request.weeks, 7, request.seed)
    return sample(request.days, 1, request.seed)


def _folder(request: Request, contest: Contest, episodes: tuple[Episode, ...]) -> Path:
    """Folder of the outcomes, with everything that decides their numbers.

    Controllers are not part of it: more of them can be added later.
    """
    site = load_site(request.site)
    world = request.world
    root = Path(best_constant.__file__).parent
    files = {
        "site": resolve(request.site, "sites", ".yaml"),
        "weather": resolve(
            world.weather or site.defaults.weather, "weather", *WEATHER_SUFFIXES
        ),
        "load": resolve(world.load or site.defaults.load, "jobs", *SUFFIXES),
        "price": resolve(site.tariff.price_file, "grid", ".csv"),
        "carbon": resolve(site.tariff.carbon_file, "grid", ".csv"),
    }
    identity = {
        "contest": plain(contest),
        "episodes": [episode.name for episode in episodes],
        "sha256": {name: file_hash(path) for name, path in files.items()},
        "code": source_digest(*sorted(root.glob("*.py"))),
    }
    try:
        RunStore(request.out, identity)
        folder = request.out / "tasks"
        folder.mkdir(exist_ok=True)
    except OSError as error:
        message = f"--out {request.out}: {error.strerror}. Give another folder."
        raise ConfigError(message) from error
    return folder


def _same_policies(request: Request) -> None:
    """Refuse to go on beside runs of another policy of the same name, or other code of it.

    Raises
    ------
    ConfigError
        Names the policy.
    """
    path = request.out / POLICIES
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    code = source_digest(*sorted(Path(policy.__file__).parent.glob("*.py")))
    for name in filter(lambda name: name.startswith(LEARNED), request.controllers):
        file = resolve(name.removeprefix(LEARNED), "policies", policy.SUFFIX)
        identity = f"{file_hash(file)} {code}"
        if known.setdefault(name, identity) != identity:
            message = (
                f"--out {request.out}: holds runs of another {name}, or of one that other "
                "code ran. Give another folder."
            )
            raise ConfigError(message)
    path.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


def _constants(
    request: Request, contest: Contest, episodes: tuple[Episode, ...]
) -> Setpoints:
    """Best constant setpoints, searched or from an earlier run in the same folder."""
    path = request.out / "best_constant.json"
    if path.exists():
        return Setpoints(**json.loads(path.read_text(encoding="utf-8")))
    site = load_site(request.site)
    plant = plant_of(contest, site)
    cases = [(scenario_of(site, contest.world, e), plant) for e in episodes]
    bench = trials.bench(site, cases, trials.SEARCH_STEP_S)
    best_constant.warm_up(bench)  # or the first bar's time left is that of compiling
    with work_bar("best constant", CONSTANT_GENERATIONS) as progress:
        found = best_constant.search(
            bench, CONSTANT_GENERATIONS, request.seed, lambda done, _: progress(done)
        )
    path.write_text(json.dumps(found._asdict(), indent=2) + "\n", encoding="utf-8")
    return found


def _weight(task: Task) -> float:
    """Expected seconds of a task."""
    kind = LEARNED if task.controller.startswith(LEARNED) else task.controller
    seconds = SECONDS_A_DAY.get(kind, MPC_SECONDS_A_DAY)
    return seconds * (task.episode.days + 0.5)


def _slowest_first(tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    """So that no core is idle while the last long task runs."""
    return tuple(sorted(tasks, key=_weight, reverse=True))


def _run(contest: Contest, tasks: tuple[Task, ...], folder: Path) -> list[Outcome]:
    """Run tasks with a bar of the work done, weighted by the time they take."""
    fresh = [task for task in tasks if kept(task, folder) is None]
    if len(fresh) < len(tasks):
        console.note(
            f"{len(tasks) - len(fresh)} of {len(tasks)} runs are there already"
        )
    with work_bar("runs", sum(map(_weight, fresh))) as progress:
        done = _Done(progress)
        return run_all(contest, tasks, folder, done)


class _Done:
    """Adds up finished work."""

    def __init__(self, progress: WorkProgress) -> None:
        self._progress, self._sum = progress, 0.0

    def __call__(self, task: Task, wall_s: float) -> None:
        """Count a task; those found on disk took no time."""
        self._sum += _weight(task) if wall_s else 0.0
        self._progress(self._sum)


def summary(found: Compared) -> dict[str, Any]:
    """Everything for machines, in SI."""
    verdict = found.verdict
    titles = contest_report.titles()
    columns = [
        column._asdict() | {"figures": dict(zip(titles, column.figures, strict=True))}
        for column in verdict.columns
    ]
    document: dict[str, Any] = plain(
        {
            "site": found.site,
            "settings": found.request._asdict()
            | {"out": str(found.request.out), "page": str(found.request.page or "")},
            "rules": found.rules,
            "episodes": [episode.name for episode in found.episodes],
            "days": verdict.days,
            "controllers": columns,
            "differences": verdict.differences,
            "regret_of_forecasts_usd": verdict.regret_usd,
            "best_constant": found.constants,
            "words": contest_report.words(found),
            "wall_s": found.wall_s,
        }
    )
    return document
