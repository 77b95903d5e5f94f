"""``wetbulb study``: run it, follow it, read what came of it."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from dashboards import console, progress, study_report
from dashboards.plain import plain
from dashboards.report_command import check_extra
from optimizer.study.program import inputs_of
from optimizer.study.run import Study
from optimizer.study.schema import load_study
from optimizer.study.seam import MANIFEST
from twin.errors import ConfigError

SUMMARY = "summary.json"


class Request(NamedTuple):
    """What ``study run`` was asked for."""

    study: str
    layouts: int
    finalists: int
    scheduler: str
    seed: int
    out: Path
    formats: tuple[str, ...]


def check(study: str, as_json: bool) -> None:
    """Read everything that a study names, and print the unit capacities."""
    given = inputs_of(load_study(study))
    summary = {
        "study": given.loaded.study.name,
        "ok": True,
        "unit_capacity_w": given.capacity._asdict(),
    }
    if as_json:
        console.write_json(plain(summary))
        return
    console.write(f"{given.loaded.study.name}: ok")
    for name, watts in given.capacity._asdict().items():
        console.write(f"  one {name} carries {watts / 1e3:.4g} kW at design conditions")


def run(request: Request, as_json: bool) -> None:
    """Run a study and write its report."""
    for name in request.formats:
        check_extra(name)
    study = Study.from_yaml(request.study)
    with progress.work_bar("screening", 1.0) as tell:
        found = study.run(
            request.layouts,
            request.finalists,
            request.out,
            request.scheduler,
            request.seed,
            lambda done, total: tell(done / total),
        )
    summary = study_report.summary(found)
    request.out.mkdir(parents=True, exist_ok=True)
    page = study_report.render(found)
    written = {"html": request.out / "report.html"}
    written["html"].write_text(page, encoding="utf-8")
    if "xlsx" in request.formats:
        from dashboards.print import study_workbook

        written["xlsx"] = request.out / "report.xlsx"
        study_workbook.write(study_report.sheets(found), written["xlsx"])
    if "pdf" in request.formats:
        from dashboards.print import pdf

        written["pdf"] = request.out / "report.pdf"
        pdf.write(page, written["pdf"])
    summary["written"] = {name: str(path) for name, path in written.items()}
    text = json.dumps(plain(summary), indent=2) + "\n"
    (request.out / SUMMARY).write_text(text, encoding="utf-8")
    _show(plain(summary), as_json)


def _show(summary: dict[str, Any], as_json: bool) -> None:
    if as_json:
        console.write_json(summary)
        return
    console.write(summary["answer"])
    for words in summary["binding"]:
        console.write(f"  {words}")
    for name, path in summary["written"].items():
        console.write(f"{name}: {path}")


def status(folder: Path, as_json: bool) -> None:
    """Shards done and in all; the pace of the shards tells the time left."""
    shards = folder / "shards"
    path = shards / MANIFEST
    if not path.is_file():
        message = f"{folder}: no study runs or ran here. Give the --out of `study run`."
        raise ConfigError(message)
    total = int(json.loads(path.read_text(encoding="utf-8"))["chunks"])
    times = sorted(p.stat().st_mtime for p in shards.glob("shard_*.parquet"))
    left = None
    if len(times) > 1:
        pace_s = (times[-1] - times[0]) / (len(times) - 1)
        left = (total - len(times)) * pace_s
    told = {
        "shards": len(times),
        "of": total,
        "seconds_left": left,
        "finished": (folder / SUMMARY).is_file(),
    }
    if as_json:
        console.write_json(told)
        return
    rest = "unknown" if left is None else f"about {left:.0f} s"
    console.write(f"{len(times)} of {total} shards, screening left: {rest}")


def report(folder: Path, as_json: bool) -> None:
    """Show a finished study again."""
    path = folder / SUMMARY
    if not path.is_file():
        message = f"{folder}: holds no finished study. Run `wetbulb study run` first."
        raise ConfigError(message)
    _show(json.loads(path.read_text(encoding="utf-8")), as_json)
