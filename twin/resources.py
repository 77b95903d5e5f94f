"""Where the files that come with wetbulb are, in a checkout and when installed."""

from pathlib import Path

from twin.errors import ConfigError

_INSTALLED = Path(__file__).parent / "_data"  # the wheel carries data/ here
_CHECKOUT = Path(__file__).parents[1] / "data"


def data_path(*parts: str) -> Path:
    """Path of a shipped file or folder, whether or not it exists.

    Parameters
    ----------
    *parts
        Folder and file names below ``data/``, e.g. ``"sites", "hybrid_10mw.yaml"``.

    Returns
    -------
    Path
        In the installed package if there is one, in the checkout otherwise.
    """
    root = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
    return root.joinpath(*parts)


def available(folder: str, *suffixes: str) -> list[str]:
    """Bare names of the shipped files with these suffixes, sorted."""
    return sorted(
        path.name.removesuffix(suffix)
        for suffix in suffixes
        for path in data_path(folder).glob(f"*{suffix}")
    )


def resolve(name_or_path: str | Path, folder: str, *suffixes: str) -> Path:
    """Find a file by path, or a shipped file by its bare name.

    Parameters
    ----------
    name_or_path
        A path to an own file, or the name of a shipped one with or without suffix,
        e.g. ``"hybrid_10mw"``. An existing path comes first.
    folder
        Folder below ``data/`` in which shipped files of this kind stand.
    *suffixes
        Endings of such files, with the dot.

    Returns
    -------
    Path
        An existing file.

    Raises
    ------
    ConfigError
        If neither exists; the message names both places and what there is.
    """
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path
    is_bare_name = path.name == str(name_or_path)
    shipped = [
        data_path(folder, path.name.removesuffix(suffix) + suffix)
        for suffix in suffixes
    ]
    for candidate in shipped if is_bare_name else []:
        if candidate.is_file():
            return candidate
    names = ", ".join(available(folder, *suffixes)) or "none"
    places = [str(path.absolute()), *map(str, shipped if is_bare_name else [])]
    what = "is a folder, not a file" if path.is_dir() else "no such file"
    message = (
        f"{name_or_path}: {what}. Looked for {' or '.join(places)}. "
        f"Shipped in data/{folder}: {names}. Give one of these names, or the path of "
        f"an own {' or '.join(suffixes)} file."
    )
    raise ConfigError(message)
