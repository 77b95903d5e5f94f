"""What may be bought: rack nameplates and prices, every row with its source."""

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from pydantic import ConfigDict, TypeAdapter, ValidationError

from plant.it.rack import Racks
from plant.types import NonNegative, Positive
from twin.errors import ConfigError
from twin.resources import data_path, resolve
from twin.tables import read_csv

BASES = ("published", "assumption")
UNITS = (
    "air_module", "liquid_module", "cdu", "in_row", "tower_cell", "exchanger",
    "chiller", "ups", "transformer", "tap",
)  # fmt: skip


class Item(NamedTuple):
    """One row of the catalogue: one unit, installed."""

    item: str
    price_low_usd: Positive
    price_usd: Positive
    price_high_usd: Positive
    footprint_m2: NonNegative
    mass_kg: NonNegative
    embodied_carbon_kg: NonNegative
    basis: str  # one of BASES
    source: str


class Catalogue(NamedTuple):
    """Prices and rack nameplates by name."""

    items: dict[str, Item]
    racks: dict[str, Racks]
    rack_sources: dict[str, str]


_ITEM: TypeAdapter[Item] = TypeAdapter(Item, config=ConfigDict(allow_inf_nan=False))
_RACK: TypeAdapter[Racks] = TypeAdapter(Racks, config=ConfigDict(allow_inf_nan=False))


def read_catalogue(name_or_path: str | Path) -> Catalogue:
    """Read a catalogue and the rack nameplates.

    Parameters
    ----------
    name_or_path
        Name of a file under ``data/equipment``, or a path.

    Raises
    ------
    ConfigError
        With every finding: a row without price or source, a range out of order, a unit
        that is missing.
    DataError
        If a file is no table with these columns.
    """
    path = resolve(name_or_path, "equipment", ".csv")
    table = read_csv(path, Item._fields)
    findings: list[str] = []
    items: dict[str, Item] = {}
    for number, row in enumerate(table.to_dict(orient="records")):
        item, told = _item({str(key): value for key, value in row.items()})
        findings += [f"{path}: row {number + 1} ({row['item']}): {t}" for t in told]
        if item is not None and item.item in items:
            findings.append(f"{path}: row {number + 1}: {item.item} stands twice.")
        if item is not None:
            items[item.item] = item
    named = set(table["item"])
    findings += [
        f"{path}: no row for {unit}. Add one with price range and source."
        for unit in UNITS
        if unit not in named
    ]
    racks, sources, told = _racks(data_path("equipment", "racks.csv"))
    if findings + told:
        raise ConfigError("\n".join(findings + told))
    return Catalogue(items, racks, sources)


def _item(row: dict[str, Any]) -> tuple[Item | None, list[str]]:
    """One checked row, and what is wrong with it."""
    empty = [name for name in Item._fields if pd.isna(row[name])]
    if empty:
        return None, [f"{', '.join(empty)} is missing. Fill it in."]
    try:
        item = _ITEM.validate_python({name: row[name] for name in Item._fields})
    except ValidationError as error:
        return None, [f"{e['loc'][-1]}: {e['msg']}." for e in error.errors()]
    told = []
    if not item.price_low_usd <= item.price_usd <= item.price_high_usd:
        told.append("prices must rise from low to high. Put them in order.")
    if item.basis not in BASES:
        told.append(f"basis is {item.basis!r}; allowed: {', '.join(BASES)}.")
    if not item.source.strip():
        told.append("source is missing. Name it, or call it an assumption.")
    return item, told


def _racks(path: Path) -> tuple[dict[str, Racks], dict[str, str], list[str]]:
    """Rack nameplates, their sources, findings."""
    columns = ("name", *Racks._fields[:4], "source")
    table = read_csv(path, columns)
    racks, sources, told = {}, {}, []
    for number, row in enumerate(table.to_dict(orient="records")):
        if any(pd.isna(row[name]) for name in columns):
            told.append(f"{path}: row {number + 1}: empty cell. Fill it in.")
            continue
        values = {name: row[name] for name in Racks._fields[:4]}
        try:
            racks[str(row["name"])] = _RACK.validate_python(values)
        except ValidationError as error:
            told += [
                f"{path}: row {number + 1}: {e['loc'][-1]}: {e['msg']}."
                for e in error.errors()
            ]
            continue
        sources[str(row["name"])] = str(row["source"])
    return racks, sources, told
