"""``wetbulb points import|export``: maps from and for other systems."""

import csv
import io
import json
from pathlib import Path
from typing import Literal

import yaml

from bms_io.point_import import Imported, There, read_registry
from bms_io.point_semantics import haystack
from bms_io.point_table import cells_of, rows_of
from bms_io.points import load_points
from dashboards import console
from twin.errors import ConfigError
from twin.resources import resolve
from twin.yaml_source import read_yaml

__all__ = ["There", "bring_in", "bring_out"]
_PAIR = 2


def bring_in(
    registry: Path, out: Path, names: Path | None, there: There, as_json: bool
) -> None:
    """Write a point map made of a registry, and say what is not in it.

    Raises
    ------
    ConfigError
        If a file cannot be read, the header is unknown, or ``out`` exists.
    """
    if out.exists():
        message = f"{out}: exists. Remove it, or give another --out."
        raise ConfigError(message)
    found = read_registry(registry, _read_names(names), there)
    text = yaml.safe_dump(found.data, sort_keys=False, width=88)
    out.write_text(f"# made of {registry.name}, {found.kind}\n{text}", encoding="utf-8")
    missing = _missing(out)
    if as_json:
        told = found._asdict() | {"points": len(found.data["points"])}
        del told["data"]
        console.write_json({**told, "complete": not missing, "missing": missing})
        return
    _tell(found, out, missing)


def _tell(found: Imported, out: Path, missing: list[str]) -> None:
    """What was taken over, and what was not."""
    console.write(f"{out}: {len(found.data['points'])} points of {found.kind}")
    columns = found.unknown_columns
    if columns:
        console.write(f"{len(columns)} unknown columns left out: {', '.join(columns)}")
    for title, lines in (("rows left out", found.skipped), ("notes", found.noted)):
        if lines:
            console.write(f"{len(lines)} {title}:")
        for line in lines:
            console.write(f"  {line}")
    if missing:
        console.write(f"{len(missing)} to complete before it can be used:")
    for line in missing:
        console.write(f"  {line}")


def _missing(path: Path) -> list[str]:
    """Why the new map cannot be used yet."""
    try:
        load_points(path)
    except ConfigError as error:
        return str(error).splitlines()
    return []


def _read_names(path: Path | None) -> dict[str, str]:
    """Our signal by their name."""
    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path}: cannot be read as CSV ({error}). Check the path."
        raise ConfigError(message) from error
    wrong = [n for n, row in enumerate(rows, start=1) if len(row) != _PAIR]
    if wrong:
        message = f"{path}:{wrong[0]}: two columns are allowed: their name, our signal."
        raise ConfigError(message)
    return {theirs.strip(): mine.strip() for theirs, mine in rows}


def bring_out(
    name: str, form: Literal["csv", "brick", "haystack"], out: Path | None
) -> None:
    """Write a map in another form.

    Raises
    ------
    ConfigError
        If the map is wrong, or the form needs a package that is not there.
    """
    path = resolve(name, "points", ".yaml")
    point_map = load_points(path)
    if form == "csv":
        text = _as_csv(path)
    elif form == "haystack":
        text = json.dumps(haystack(point_map, path.stem), indent=1, ensure_ascii=False)
    else:
        from bms_io.point_brick import brick

        text = brick(point_map, path.stem)
    if out is None:
        console.write(text.rstrip("\n"))
        return
    out.write_text(text, encoding="utf-8")
    console.note(f"{out}: {len(point_map.points)} points as {form}")


def _as_csv(path: Path) -> str:
    """Map of a file as CSV text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        cells_of(rows_of(read_yaml(path).data))
    )
    return text.getvalue()
