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


def available(folder: str, suffix: str) -> list[str]:
    """Bare names of the shipped files with this suffix, sorted."""
    files = data_path(folder).glob(f"*{suffix}")
    return sorted(path.name.removesuffix(suffix) for path in files)


def resolve(name_or_path: str | Path, folder: str, suffix: str) -> Path:
    """Find a file by path, or a shipped file by its bare name.

    Parameters
    ----------
    name_or_path
        A path to an own file, or the name of a shipped one with or without suffix,
        e.g. ``"hybrid_10mw"``. An existing path comes first.
    folder
        Folder below ``data/`` in which shipped files of this kind stand.
    suffix
        Ending of such files, with the dot.

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
    shipped = data_path(folder, path.name.removesuffix(suffix) + suffix)
    is_bare_name = path.name == str(name_or_path)
    if is_bare_name and shipped.is_file():
        return shipped
    names = ", ".join(available(folder, suffix)) or "none"
    searched = f"{path.absolute()} or {shipped}" if is_bare_name else path.absolute()
    message = (
        f"{name_or_path}: no such file. Looked for {searched}. "
        f"Shipped in data/{folder}: {names}. "
        f"Give one of these names, or the path of an own {suffix} file."
    )
    raise ConfigError(message)
