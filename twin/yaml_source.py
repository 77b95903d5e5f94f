"""YAML files with the line of every key, so that an error can point at its place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from twin.errors import ConfigError

Location = tuple[str | int, ...]
LineIndex = dict[Location, int]


class YamlDocument(NamedTuple):
    """Plain data and the line at which each path stands."""

    path: Path
    data: Any
    lines: LineIndex
    repeated: tuple[str, ...] = ()  # one line of error for each key that stands twice


def read_yaml(path: Path) -> YamlDocument:
    """Read a YAML file.

    Parameters
    ----------
    path
        File to read.

    Returns
    -------
    YamlDocument
        Data, and line numbers by path, e.g. ``("points", "x", "unit") -> 12``.

    Raises
    ------
    ConfigError
        If the file is missing, is not YAML, or says a key twice.
    """
    document = read_loosely(path)
    if document.repeated:
        raise ConfigError("\n".join(document.repeated))
    return document


def read_loosely(path: Path) -> YamlDocument:
    """Read a YAML file whose keys may stand twice; then the last one counts.

    For readers that go on to tell what else is wrong, see ``YamlDocument.repeated``.

    Raises
    ------
    ConfigError
        If the file is missing or is not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}). Check the path."
        raise ConfigError(message) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        byte = error.object[error.start]
        message = (
            f"{path}:{line}: is not UTF-8 text (byte 0x{byte:02x}). Save it as such."
        )
        raise ConfigError(message) from error
    lines: LineIndex = {(): 1}
    repeated: list[str] = []
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
        _index(root, (), lines, repeated)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        message = f"{path}: is not valid YAML: {error}"
        raise ConfigError(message) from error
    twice = tuple(f"{path}:{entry}" for entry in repeated)
    return YamlDocument(path, data, lines, twice)


def _index(
    node: yaml.Node | None, at: Location, lines: LineIndex, repeated: list[str]
) -> None:
    """Walk the tree of nodes and remember the line of each path."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*at, key.value)
            line = key.start_mark.line + 1
            if inner in lines:
                name = ".".join(map(str, inner))
                repeated.append(f"{line}: {name}: stands twice. Keep one.")
                _forget(lines, inner)
            lines[inner] = line
            _index(value, inner, lines, repeated)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            lines[(*at, number)] = value.start_mark.line + 1
            _index(value, (*at, number), lines, repeated)


def _forget(lines: LineIndex, at: Location) -> None:
    """Drop what stands below a path: its second entry is the one that counts."""
    for known in [known for known in lines if known[: len(at)] == at]:
        del lines[known]


def line_of(lines: LineIndex, at: Location) -> int:
    """Line of the deepest known part of a path."""
    while at and at not in lines:
        at = at[:-1]
    return lines.get(at, 1)


def describe(path: Path, lines: LineIndex, at: Location, message: str) -> str:
    """One error line: file, line, path in the file, what is wrong and the repair."""
    name = ".".join(str(part) for part in at) or "(top level)"
    return f"{path}:{line_of(lines, at)}: {name}: {message}"


def report(
    path: Path,
    lines: LineIndex,
    error: ValidationError,
    allowed: Callable[[Location], str] = lambda at: "",
) -> str:
    """All findings of a pydantic validation, one line each, in file order.

    Parameters
    ----------
    path, lines
        File, and the line of each path in it.
    error
        From pydantic.
    allowed
        Whole allowed range of a path in words, "" where it is not known; pydantic
        itself only names the bound that was crossed.
    """
    found = sorted(error.errors(), key=lambda e: line_of(lines, _place(e, lines)))
    sentences = []
    for entry in found:
        at = _place(entry, lines)
        sentences.append(describe(path, lines, at, _sentence(entry, allowed(at))))
    return "\n".join(sentences)


def _place(entry: ErrorDetails, lines: LineIndex) -> Location:
    """Path of an error without the names that pydantic adds for unions and keys."""
    at: Location = ()
    for part in entry["loc"]:
        missing = entry["type"] == "missing" and part == entry["loc"][-1]
        if (*at, part) in lines or missing:
            at = (*at, part)
    return at


_BOUNDS = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
_SECTION = {"arguments_type", "named_tuple_type", "model_type", "dict_type"}
_REPAIR = {
    "missing": "is missing. Add it.",
    "extra_forbidden": "is not a known key. Check the spelling or remove it.",
    "unexpected_keyword_argument": "is not a known key. Check the spelling "
    "or remove it.",
    "missing_argument": "is missing. Add it.",
}


def _sentence(entry: ErrorDetails, allowed_range: str) -> str:
    """Say what is wrong, what is allowed and what to do, in words."""
    kind = entry["type"]
    if kind in _REPAIR:
        return _REPAIR[kind]
    if kind in _SECTION:
        return f"is {entry['input']!r}, but a section with named values belongs here."
    if allowed_range and kind in _BOUNDS:
        return f"is {entry['input']!r}; allowed: {allowed_range}. Change the value."
    allowed = entry["msg"].removeprefix("Value error, ")
    allowed = allowed.replace("Input should", "should")
    return f"is {entry['input']!r}: {allowed}. Change the value."
