"""Versions of a site's fitted numbers, with where they came from; one may be in force.

A store is a folder with one ``vNNNN.yaml`` per version and ``current.yaml``, which names
the version in force. Files appear by renaming. A version is proposed by a calibration,
comes into force only by an operator's consent and only if it passed validation, and
stays on record when it is rolled back.
"""

from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from twin.errors import ConfigError
from twin.nameplates import replaced, uncertain
from twin.site import Site

State = Literal["proposed", "accepted", "rejected", "rolled back"]
CURRENT = "current.yaml"


class Version(NamedTuple):
    """One set of numbers."""

    number: int
    site: str
    made: str  # UTC, ISO 8601
    values: dict[str, float]  # fitted numbers by path
    nameplates: dict[str, float]  # what they replace
    passed: bool  # validation
    provenance: dict[str, Any]  # source, rows, period, accuracy before and after
    state: State = "proposed"
    said: tuple[str, ...] = ()  # who decided what, when, why


class Store:
    """Folder of versions.

    Parameters
    ----------
    folder
        Made when the first version is proposed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def versions(self) -> list[Version]:
        """All versions in order.

        Raises
        ------
        ConfigError
            If a file is not a version.
        """
        return [_read(path) for path in sorted(self._folder.glob("v*.yaml"))]

    def propose(self, version: Version) -> Version:
        """Keep a new version under the next number."""
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = self.versions()
        number = kept[-1].number + 1 if kept else 1
        made = version._replace(number=number)
        self._write(made)
        return made

    def current(self) -> Version | None:
        """Version in force; none means the nameplates."""
        path = self._folder / CURRENT
        if not path.is_file():
            return None
        number = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("version")
        return self.get(int(number)) if number else None

    def get(self, number: int) -> Version:
        """One version.

        Raises
        ------
        ConfigError
            If there is none of that number.
        """
        for version in self.versions():
            if version.number == number:
                return version
        have = ", ".join(str(v.number) for v in self.versions()) or "none"
        message = f"{self._folder}: no version {number}; there are: {have}."
        raise ConfigError(message)

    def accept(self, number: int, who: str, when: str, why: str = "") -> Version:
        """Put a version in force.

        Raises
        ------
        ConfigError
            If it did not pass validation.
        """
        version = self.get(number)
        if not version.passed:
            message = (
                f"version {number} did not pass validation "
                f"({version.provenance.get('verdict', 'no verdict')}). Calibrate again "
                "on a longer or more varied history."
            )
            raise ConfigError(message)
        note = f"{when} accepted by {who}" + (f": {why}" if why else "")
        accepted = version._replace(state="accepted", said=(*version.said, note))
        self._write(accepted)
        self._point(number)
        return accepted

    def roll_back(self, who: str, when: str, why: str = "") -> Version | None:
        """Take the version in force out; the accepted one before it comes back.

        Raises
        ------
        ConfigError
            If none is in force.
        """
        now = self.current()
        if now is None:
            message = f"{self._folder}: no version is in force, nameplates are used."
            raise ConfigError(message)
        note = f"{when} rolled back by {who}" + (f": {why}" if why else "")
        self._write(now._replace(state="rolled back", said=(*now.said, note)))
        older = [
            v
            for v in self.versions()
            if v.state == "accepted" and v.number < now.number
        ]
        self._point(older[-1].number if older else 0)
        return older[-1] if older else None

    def _point(self, number: int) -> None:
        _replace(self._folder / CURRENT, {"version": number})

    def _write(self, version: Version) -> None:
        document = version._asdict() | {"said": list(version.said)}
        _replace(self._folder / f"v{version.number:04d}.yaml", document)


def applied(site: Site, version: Version | None) -> Site:
    """Site with the numbers of a version.

    Raises
    ------
    ConfigError
        If the version was made for another site or other nameplates.
    """
    if version is None:
        return site
    have = uncertain(site.facility)
    strange = [p for p, v in version.nameplates.items() if have.get(p) != v]
    if version.site != site.name or strange:
        what = (
            f"site {version.site}" if version.site != site.name else "other values of "
        )
        message = (
            f"version {version.number} was fitted for {what}{', '.join(strange)}; this is "
            f"{site.name}. Calibrate this site."
        )
        raise ConfigError(message)
    return site._replace(facility=replaced(site.facility, version.values))


def in_force(site: Site, folder: Path | None) -> Site:
    """Site with the numbers that an operator has accepted, as it is without a store.

    Raises
    ------
    ConfigError
        As `applied`.
    """
    return applied(site, Store(folder).current()) if folder else site


def _replace(path: Path, document: dict[str, Any]) -> None:
    """Write a file so that a kill leaves the old one or the new one."""
    fresh = path.with_suffix(".tmp")
    fresh.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    fresh.replace(path)


def _read(path: Path) -> Version:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        document["said"] = tuple(document.get("said", ()))
        return Version(**document)
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        message = f"{path}: not a version of fitted numbers ({error})."
        raise ConfigError(message) from error
