"""What every command says on the terminal: results, errors, exit codes."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from twin.errors import WetbulbError

INTERRUPTED = 130  # what a shell reports after Ctrl-C


def write(text: str) -> None:
    """Put a result on standard output."""
    typer.echo(text)


def write_json(value: Any) -> None:
    """Put a result on standard output for machines; not-a-number becomes null."""
    typer.echo(json.dumps(value, indent=2, allow_nan=False))


def note(text: str) -> None:
    """Tell the user something beside the result."""
    typer.echo(text, err=True)


def is_terminal() -> bool:
    """Whether somebody watches standard error."""
    return sys.stderr.isatty()


def has_screen() -> bool:
    """Whether a browser window can open here and somebody would see it."""
    graphical = sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    return graphical and is_terminal()


@contextmanager
def reporting(as_json: bool) -> Iterator[None]:
    """Turn an error into one clear message and its exit code.

    Parameters
    ----------
    as_json
        Also put the error on standard output as ``{"error": {...}}``.

    Raises
    ------
    typer.Exit
        With the code of the error, or 130 after Ctrl-C.
    """
    try:
        yield
    except WetbulbError as error:
        kind = type(error).__name__
        note(f"{kind}: {error}")
        if as_json:
            entry = {"kind": kind, "message": str(error), "code": error.exit_code}
            write_json({"error": entry})
        raise typer.Exit(error.exit_code) from error
    except KeyboardInterrupt as stop:
        note("Interrupted.")
        raise typer.Exit(INTERRUPTED) from stop
