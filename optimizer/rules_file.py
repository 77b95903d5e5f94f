"""Tuned parameters of the rules: where they stand, reading, writing.

Those of a shipped site are ``data/rules/<site>.yaml``; those of an own site file stand
beside it as ``<name>.rules.yaml``. Every file says how it came about.
"""

from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from optimizer.rules import RuleParameters
from twin.errors import ConfigError
from twin.resources import data_path, resolve
from twin.run_store import file_hash

_ADAPTER: TypeAdapter[RuleParameters] = TypeAdapter(
    RuleParameters, config=ConfigDict(allow_inf_nan=False)
)


class Tuned(NamedTuple):
    """Parameters, and a sentence on where they are from."""

    rules: RuleParameters
    told: str


def path_for(site: str | Path) -> Path:
    """Where the tuned rules of a site stand, whether or not they are there."""
    path = resolve(site, "sites", ".yaml")
    if path.parent == data_path("sites"):
        return data_path("rules", path.name)
    return path.with_suffix(".rules.yaml")


def tuned_for(site: str | Path) -> Tuned:
    """Tuned rules of a site, or the general ones.

    Parameters
    ----------
    site
        Name of a shipped site or path of a site file.

    Raises
    ------
    ConfigError
        If the file is there and wrong.
    """
    path = path_for(site)
    if not path.exists():
        told = (
            f"general parameters; `wetbulb tune rules {site}` finds those of the site"
        )
        return Tuned(RuleParameters(), told)
    rules, provenance = read(path)
    told = f"{path.name}, tuned by: {provenance.get('command', 'unknown')}"
    if provenance.get("site_sha256") != file_hash(resolve(site, "sites", ".yaml")):
        told += " (for another version of this site file; tune again)"
    return Tuned(rules, told)


def read(path: Path) -> tuple[RuleParameters, dict[str, Any]]:
    """Parameters and provenance of a file.

    Raises
    ------
    ConfigError
        If it is not such a file; names what is wrong.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        rules = _ADAPTER.validate_python(document["rules"])
        return rules, dict(document.get("provenance", {}))
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValidationError) as error:
        message = (
            f"{path}: not a file of tuned rules ({error}). Expected a mapping `rules` "
            f"with {', '.join(RuleParameters._fields)}. Remove it, or tune again with "
            "`wetbulb tune rules`."
        )
        raise ConfigError(message) from error


def write(path: Path, rules: RuleParameters, provenance: dict[str, Any]) -> None:
    """Put parameters and provenance on disk as a whole or not at all."""
    document = {
        "provenance": provenance,
        "rules": {k: float(f"{v:.6g}") for k, v in rules._asdict().items()},
    }
    head = "# Written by `wetbulb tune rules`; used by the controller `rules`.\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"fresh_{path.name}")
    text = head + yaml.safe_dump(document, sort_keys=False)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
