"""``wetbulb train``: a learned controller, its file, its card and its ONNX."""

import time
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from dashboards import console
from dashboards.plain import plain
from dashboards.progress import WorkProgress, work_bar
from optimizer.rl.recipe import ALGORITHMS, Recipe
from twin.compiled import source_digest
from twin.config import load_site
from twin.errors import ConfigError
from twin.resources import resolve
from twin.run_store import RunStore, file_hash
from twin.scenario import WEATHER_SUFFIXES
from twin.workload import SUFFIXES

LIBRARIES = ("torch", "stable-baselines3", "sb3-contrib", "gymnasium", "numpy", "numba")


class Request(NamedTuple):
    """What the user asked for."""

    recipe: Recipe
    out: Path
    name: str


def run(request: Request, as_json: bool) -> None:
    """Train, save, show.

    Raises
    ------
    WetbulbError
        If an input is wrong, or the extra is not installed.
    """
    began_s = time.monotonic()
    recipe = _checked(request.recipe)
    try:
        from optimizer.rl import training
        from optimizer.rl.export import write_onnx
    except ModuleNotFoundError as error:
        message = (
            f"wetbulb train needs {error.name}, which the extra `rl` brings. Install it "
            'with: pip install "wetbulb[rl]". Running a policy needs nothing of it.'
        )
        raise ConfigError(message) from error
    from optimizer.rl import policy as policies

    identity = _identity(recipe)
    store = RunStore(request.out, plain(identity))
    with ExitStack() as stack:
        report = _Report(stack, float(recipe.steps))
        made = training.train(recipe, store.directory, report)
    card = identity | {
        "name": request.name,
        "validation": [one.told() for one in made.validation],
        "cloned_decisions": made.examples,
        "clone_loss": made.clone_loss,
    }
    finished = made.policy._replace(card=plain(card))
    path = request.out / f"{request.name}{policies.SUFFIX}"
    digest = policies.save(finished, path)
    write_onnx(finished, path.with_suffix(".onnx"))
    path.with_suffix(".md").write_text(model_card(finished.card, digest), "utf-8")
    wall_s = time.monotonic() - began_s
    if as_json:
        document = {"file": str(path), "sha256": digest, "card": card, "wall_s": wall_s}
        console.write_json(plain(document))
        return
    for line in _lines(finished.card):
        console.write(line)
    console.write(f"{recipe.steps:,} decisions in {wall_s / 60.0:.1f} min")
    console.write(f"saved: {path} (and .onnx, .md)")
    console.write(f"use it: wetbulb compare SITE --controllers rules,rl:{path}")


class _Report:
    """Phases before learning are told once; learning has a bar of its own."""

    def __init__(self, stack: ExitStack, steps: float) -> None:
        self._stack, self._steps, self._said = stack, steps, ""
        self._bar: WorkProgress | None = None

    def __call__(self, what: str, done: float, total: float) -> None:
        if what == "learning":
            if self._bar is None:
                self._bar = self._stack.enter_context(work_bar(what, self._steps))
            self._bar(done)
            return
        said = f"{what}: {done:.0f} of {total:.0f}" if total > 1.0 else what
        if said != self._said:
            console.note(said)
            self._said = said


def _checked(recipe: Recipe) -> Recipe:
    """Refuse numbers that cannot be; fill in weather and load of the sites.

    Raises
    ------
    ConfigError
        Says which option and what is allowed.
    """
    if recipe.algorithm not in ALGORITHMS:
        message = f"--algo {recipe.algorithm}: give one of {', '.join(ALGORITHMS)}."
        raise ConfigError(message)
    for option, value, least in (
        ("--steps", recipe.steps, 1),
        ("--days", recipe.days, 1),
        ("--variants", recipe.variants, 1),
        ("--plants", recipe.plants, len(recipe.sites) * recipe.variants),
        ("--clone-days", recipe.clone_days, 0),
        ("--seed", recipe.seed, 0),
    ):
        if value < least:
            message = f"{option} {value}: give a whole number of at least {least}."
            raise ConfigError(message)
    if len(set(recipe.sites)) < len(recipe.sites):
        message = f"{' '.join(recipe.sites)}: a site stands twice. Name each once."
        raise ConfigError(message)
    defaults = [load_site(site).defaults for site in recipe.sites]
    return recipe._replace(
        weather=recipe.weather or tuple(dict.fromkeys(d.weather for d in defaults)),
        loads=recipe.loads or tuple(dict.fromkeys(d.load for d in defaults)),
    )


def _identity(recipe: Recipe) -> dict[str, Any]:
    """Everything that decides the numbers."""
    from optimizer.rl import recipe as beside

    folder = Path(beside.__file__).parent
    files = {site: resolve(site, "sites", ".yaml") for site in recipe.sites}
    files |= {
        name: resolve(name, "weather", *WEATHER_SUFFIXES) for name in recipe.weather
    }
    files |= {name: resolve(name, "jobs", *SUFFIXES) for name in recipe.loads}
    return {
        "recipe": recipe._asdict(),
        "sha256": {name: file_hash(path) for name, path in files.items()},
        "code": source_digest(
            *sorted([*folder.glob("*.py"), *folder.parent.glob("*.py")])
        ),
        "versions": {name: version(name) for name in LIBRARIES},
    }


def _lines(card: dict[str, Any]) -> list[str]:
    """What the validation says, site by site."""
    return [_line(one) for one in card["validation"]]


def _line(one: dict[str, Any]) -> str:
    saved, median, worst = (
        f"{100.0 * one[name]:+.2f}" for name in ("saved", "median_saved", "worst_saved")
    )
    return (
        f"{one['site']}: {saved} % of the rules' objective on {one['days']} days it never "
        f"learned from (median {median}, worst day {worst}); beyond a limit "
        f"{one['exceedance_min']:.2f} min a day, rules {one['rules_exceedance_min']:.2f}"
    )


def command_of(recipe: dict[str, Any], name: str) -> str:
    """Command that trains the same again."""
    parts = ["wetbulb train", *recipe["sites"], f"--algo {recipe['algorithm']}"]
    parts += [f"--weather {name}" for name in recipe["weather"]]
    parts += [f"--load {name}" for name in recipe["loads"]]
    for option in ("steps", "seed", "days", "variants", "plants", "clone_days"):
        parts.append(f"--{option.replace('_', '-')} {recipe[option]}")
    return " ".join([*parts, f"--name {name}"])


def model_card(card: dict[str, Any], digest: str) -> str:
    """What a policy is, in Markdown."""
    recipe = card["recipe"]
    versions = ", ".join(f"{name} {v}" for name, v in card["versions"].items())
    return "\n".join(
        [
            f"# Policy {card['name']}",
            "",
            f"Trained by: `{command_of(recipe, card['name'])}`",
            "",
            "| what | value |",
            "|---|---|",
            f"| sites learned from | {', '.join(recipe['sites'])} |",
            f"| climates | {', '.join(recipe['weather'])}, warmed or cooled as a whole |",
            f"| loads | {', '.join(recipe['loads'])}, and drawn ones |",
            f"| algorithm | {recipe['algorithm']}, {recipe['steps']:,} decisions, "
            f"seed {recipe['seed']} |",
            f"| imitated first | {card['cloned_decisions']:,} decisions of the MPC |",
            f"| hash of its numbers | `{digest}` |",
            f"| code | `{card['code']}` |",
            f"| versions | {versions} |",
            "",
            "On days of the same sites that it never learned from, behind its shield and "
            "the guard:",
            "",
            *(f"- {line}" for line in _lines(card)),
            "",
            "It proposes a bounded step beside the rules, within the range of what it was "
            "trained on; elsewhere the rules decide. Use it with "
            f"`--controllers rl:{card['name']}`.",
            "",
        ]
    )
