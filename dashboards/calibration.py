"""``wetbulb calibrate``: a site's numbers from its telemetry, judged on later days."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from dashboards import console
from dashboards.calibration_figures import before_and_after
from dashboards.plain import plain
from dashboards.telemetry import history_of
from twin.accuracy import Accuracy, accuracy, judge
from twin.calibrate import Calibration
from twin.calibrate import calibrate as fit
from twin.config import Site, load_site
from twin.errors import ConfigError
from twin.replay import replay
from twin.residual_model import SITE, ResidualModel, corrected_w, features, learn
from twin.versions import Store, Version, applied

PIPE_WIDTH = 150  # columns where standard output is not a terminal
TARGET = 0.995  # accuracy of site power, the published claim


class Request(NamedTuple):
    """What the user asked for."""

    site: str
    history: Path
    store: Path | None
    days: int
    plot: Path | None


class Found(NamedTuple):
    """A calibration with its judgement on later days."""

    calibration: Calibration
    before: list[Accuracy]
    after: list[Accuracy]
    model: ResidualModel
    with_model: Accuracy  # site power
    model_share: float  # mean size of the correction, of site power


def run(request: Request, as_json: bool) -> None:
    """Fit, judge, propose a version, show."""
    site = load_site(request.site)
    history = history_of(request.history)
    calibration = fit(site.facility, history, request.days, console.note)
    found = judged(site, calibration)
    version = None
    if request.store:
        version = Store(request.store).propose(_version(request, site, found))
    if request.plot:
        before_and_after(site.facility, calibration, found.before, found.after).savefig(
            request.plot
        )
    summary = _summary(site, found, version)
    if as_json:
        console.write_json(summary)
        return
    _show(found, version, request)


def judged(site: Site, calibration: Calibration) -> Found:
    """Accuracy before and after on the validation days, and with the residual model."""
    later, signals = list(calibration.validation), calibration.signals
    model = learn(calibration.facility, list(calibration.fit))
    seen, said, extra = [], [], []
    for part in later:
        made = replay(calibration.facility, part)[part.burn_in :, SITE]
        seen.append(part.history.outputs[part.burn_in :, SITE])
        said.append(made)
        extra.append(corrected_w(model, features(part), made))
    added, physics = np.concatenate(extra), np.concatenate(said)
    return Found(
        calibration,
        judge(site.facility, later, signals),
        judge(calibration.facility, later, signals),
        model,
        accuracy("site_power_w", np.concatenate(seen), physics + added),
        float(np.mean(np.abs(added) / physics)),
    )


def verdict(found: Found) -> tuple[bool, str]:
    """Whether the numbers may come into force: better on later days, and told why."""
    before, after = _of_site(found.before), _of_site(found.after)
    passed = after.rmse < before.rmse and abs(after.bias) <= abs(before.bias)
    words = (
        f"site power on later days: {before.accuracy:.2%} before, "
        f"{after.accuracy:.2%} after (target {TARGET:.1%})"
    )
    return passed, words


def _of_site(figures: list[Accuracy]) -> Accuracy:
    """Figures of the site power.

    Raises
    ------
    ConfigError
        If it was not recorded.
    """
    for figure in figures:
        if figure.signal == "site_power_w":
            return figure
    message = "the history has no site_power_w; record the site's meter."
    raise ConfigError(message)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _version(request: Request, site: Site, found: Found) -> Version:
    """Version to propose, with its provenance."""
    passed, words = verdict(found)
    values = [value for value in found.calibration.values if value.seen]
    fit_days = found.calibration.fit
    provenance = {
        "verdict": words,
        "history": request.history.name,
        "rows_fitted": int(sum(len(part.history.time_s) for part in fit_days)),
        "first_s": float(fit_days[0].history.time_s[0]),
        "last_s": float(found.calibration.validation[-1].history.time_s[-1]),
        "intervals": {v.path: [v.low, v.high] for v in values},
    }
    return Version(
        0,
        site.name,
        _now(),
        {value.path: value.value for value in values},
        {value.path: value.nameplate for value in values},
        passed,
        plain(provenance),
    )


def _summary(site: Site, found: Found, version: Version | None) -> dict[str, Any]:
    """For machines."""
    passed, words = verdict(found)
    document: dict[str, Any] = plain(
        {
            "site": site.name,
            "values": found.calibration.values,
            "before": found.before,
            "after": found.after,
            "with_residual_model": found.with_model,
            "residual_model_used": found.model.model is not None,
            "residual_model_share": found.model_share,
            "passed": passed,
            "verdict": words,
            "notes": found.calibration.notes,
            "version": version.number if version else None,
        }
    )
    return document


def _show(found: Found, version: Version | None, request: Request) -> None:
    """For people."""
    for line in found.calibration.notes:
        console.write(f"note: {line}")
    screen = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    screen.print(_values(found.calibration))
    screen.print(_accuracies(found))
    passed, words = verdict(found)
    console.write(words)
    used = "used" if found.model.model is not None else "not used, it did not help"
    console.write(
        f"with the residual model ({used}): {found.with_model.accuracy:.2%}; its share "
        f"of the prediction is {found.model_share:.3%}"
    )
    if version is None:
        console.write("Not kept. Give --store FOLDER to keep it as a version.")
        return
    console.write(f"kept as version {version.number} in {request.store}")
    if passed:
        console.write(
            f"next: wetbulb calibration accept {request.store} {version.number} --by YOU"
        )


def _values(calibration: Calibration) -> Table:
    table = Table(title="fitted numbers", box=None, pad_edge=False)
    table.add_column("number")
    for title in ("nameplate", "fitted", "95 % interval", "change"):
        table.add_column(title, justify="right")
    table.add_column("")
    for value in calibration.values:
        change = value.value / value.nameplate - 1.0 if value.nameplate else 0.0
        interval = f"{value.low:,.4g} .. {value.high:,.4g}" if value.seen else "-"
        fitted = f"{value.value:,.4g}" if value.seen else "-"
        moved = f"{change:+.1%}" if value.seen else "-"
        plate = f"{value.nameplate:,.4g}"
        table.add_row(value.path, plate, fitted, interval, moved, value.note)
    return table


def _accuracies(found: Found) -> Table:
    """Signals on later days, the worst before first."""
    table = Table(title="signals on later days", box=None, pad_edge=False)
    table.add_column("signal")
    for title in ("RMSE before", "after", "CV-RMSE before", "after", "NMBE after"):
        table.add_column(title, justify="right")
    for old, new in zip(found.before, found.after, strict=True):
        table.add_row(
            old.signal,
            f"{old.rmse:,.4g}",
            f"{new.rmse:,.4g}",
            *(
                f"{x:.2%}" if np.isfinite(x) else "-"
                for x in (old.cv_rmse, new.cv_rmse, new.nmbe)
            ),
        )
    return table


def show_versions(store: Path, as_json: bool) -> None:
    """List the versions of a store."""
    kept = Store(store)
    current = kept.current()
    versions = kept.versions()
    if as_json:
        number = current.number if current else None
        document = {"current": number, "versions": [v._asdict() for v in versions]}
        console.write_json(plain(document))
        return
    if not versions:
        console.write(f"{store}: no versions. `wetbulb calibrate --store` makes one.")
    for version in versions:
        mark = "*" if current and current.number == version.number else " "
        words = version.provenance.get("verdict", "")
        passed = "passed" if version.passed else "did not pass"
        console.write(
            f"{mark} {version.number}  {version.made}  {version.state}, {passed}; {words}"
        )
        for line in version.said:
            console.write(f"     {line}")


def accepted(store: Path, number: int, who: str, why: str) -> None:
    """Put a version in force and say so."""
    version = Store(store).accept(number, who, _now(), why)
    console.write(f"version {version.number} of {version.site} is in force")


def rolled_back(store: Path, who: str, why: str) -> None:
    """Take the version in force out and say what is in force then."""
    back = Store(store).roll_back(who, _now(), why)
    what = f"version {back.number}" if back else "no version: the nameplates"
    console.write(f"in force now: {what}")


def exported(store: Path, site_name: str, out: Path) -> None:
    """Write a site file with the version in force."""
    site = applied(load_site(site_name), Store(store).current())
    text = yaml.safe_dump(plain(site), sort_keys=False, allow_unicode=True)
    out.write_text(text, encoding="utf-8")
    load_site(out)  # what is written must be readable
    console.write(f"written: {out}")
