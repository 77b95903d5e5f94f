"""``wetbulb site holds``: what is left after a fault, and for how long."""

from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from dashboards import console
from dashboards.plain import plain
from twin.config import load_site
from twin.errors import ConfigError
from twin.faults import Faults
from twin.ride_through import RideThrough, ride_through
from twin.scenario import load_scenario
from twin.signals import Inputs, Setpoints

DAY_H = 24.0
LONGEST_MIN = 24 * 60.0
_ADAPTER = TypeAdapter(Faults)


class Question(NamedTuple):
    """What the user asked."""

    site: str
    faults: tuple[str, ...]
    date: str
    hour: float
    share: float
    minutes: float


def run(question: Question, as_json: bool) -> None:
    """Follow the site and print the times.

    Raises
    ------
    ConfigError
        If a fault or a number is none.
    """
    ranges = {
        "hour": (0.0, DAY_H),
        "share": (0.0, 1.0),
        "minutes": (0.1, LONGEST_MIN),
    }
    for name, (low, high) in ranges.items():
        value = getattr(question, name)
        if not low <= value <= high:
            message = f"--{name} {value:g}: give {low:g} to {high:g}."
            raise ConfigError(message)
    site = load_site(question.site)
    scenario = load_scenario(site, question.date, DAY_H)
    outside = scenario.inputs_at(question.hour * 3600.0)
    load_w = question.share * site.facility.it.racks.rated_power_w
    inputs = Inputs(*map(float, outside))._replace(it_demand_w=load_w)
    found = ride_through(
        site,
        inputs,
        Setpoints(*map(float, site.design)),
        faults_of(question.faults),
        question.minutes * 60.0,
    )
    show(site.name, found, as_json)


def faults_of(words: tuple[str, ...]) -> Faults:
    """Faults from words like ``utility_lost`` and ``cdus_out=2``.

    Raises
    ------
    ConfigError
        Unknown name or impossible value.
    """
    given = {}
    for word in words:
        name, _, value = word.partition("=")
        given[name] = value or "1"
    unknown = sorted(set(given) - set(Faults._fields))
    if unknown:
        message = f"--fault {unknown[0]}: give one of {', '.join(Faults._fields)}."
        raise ConfigError(message)
    try:
        return _ADAPTER.validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        message = f"--fault {first['loc'][0]}={first['input']}: {first['msg']}."
        raise ConfigError(message) from error


def show(name: str, found: RideThrough, as_json: bool) -> None:
    """Times to each limit, for machines or for people."""
    if as_json:
        told = found._asdict()
        del told["course"]
        document = plain(told)
        console.write_json({"site": name, **document})
        return
    broken = [n for n, v in found.faults._asdict().items() if v]
    console.write(f"{name} after {', '.join(broken) or 'nothing'}:")
    if found.generators_s is not None:
        console.write(f"  generators carry the site after {found.generators_s:.0f} s")
    if found.fuel_lasts_s > 0.0:
        console.write(f"  fuel lasts {found.fuel_lasts_s / 3600.0:.1f} h at this load")
    for limit, time_s in sorted(found.reached_s.items(), key=lambda item: item[1]):
        console.write(f"  {limit} is met after {time_s:.0f} s")
    if found.first is None:
        console.write(f"  no limit is met in {found.holds_s / 60.0:.0f} min")
