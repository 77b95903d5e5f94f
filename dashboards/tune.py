"""``wetbulb tune rules``: parameters of the rules, saved where ``rules`` finds them."""

import time
from pathlib import Path
from typing import NamedTuple

from dashboards import console
from dashboards.plain import plain
from dashboards.progress import work_bar
from optimizer import rules_file
from optimizer.episodes import World
from optimizer.tune import tune
from twin.compiled import source_digest
from twin.config import load_site
from twin.errors import ConfigError
from twin.resources import resolve
from twin.run_store import file_hash


class Request(NamedTuple):
    """What the user asked for."""

    site: str
    world: World
    trials: int
    seed: int
    out: Path | None


def run(request: Request, as_json: bool) -> None:
    """Tune, save, show.

    Raises
    ------
    WetbulbError
        If an input is wrong or the file cannot be written.
    """
    began_s = time.monotonic()
    site = load_site(request.site)
    path = request.out or rules_file.path_for(request.site)
    with work_bar("trials", request.trials) as progress:
        found = tune(site, request.world, request.trials, request.seed, progress)
    command = f"wetbulb tune rules {site.name} --trials {request.trials} "
    command += f"--seed {request.seed}"
    provenance = {
        "command": command,
        "site_sha256": file_hash(resolve(request.site, "sites", ".yaml")),
        "weather": request.world.weather or site.defaults.weather,
        "load": request.world.load or site.defaults.load,
        "days": [episode.name for episode in found.episodes],
        "code": source_digest(),
        "general_usd": round(found.general_usd, 2),
        "tuned_usd": round(found.tuned_usd, 2),
    }
    try:
        rules_file.write(path, found.rules, provenance)
    except OSError as error:
        message = f"--out {path}: {error.strerror}. Give another file."
        raise ConfigError(message) from error
    wall_s = time.monotonic() - began_s
    if as_json:
        console.write_json(
            plain({"file": str(path), "rules": found.rules, **provenance})
            | {"trials": found.trials, "wall_s": wall_s}
        )
        return
    saved = 1.0 - found.tuned_usd / found.general_usd
    console.write(
        f"{site.name}: {found.trials} trials in {wall_s:.0f} s; the tuned rules take "
        f"{saved:.2%} off the objective of the general ones on the tuning days."
    )
    console.write(f"saved: {path}")
