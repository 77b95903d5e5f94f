"""Options of the test run."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]
# The same examples in every run, so that a change is judged and not luck, and no deadline,
# which a busy machine would miss. WETBULB_RANDOM=1 looks for new ones.
settings.register_profile(
    "steady",
    derandomize="WETBULB_RANDOM" not in os.environ,
    database=None,
    deadline=None,
)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("wetbulb")
    group.addoption(
        "--reference",
        type=Path,
        default=ROOT / "data" / "reference",
        help="folder with reference cases X.csv[.gz] and X.params.json to replay",
    )
    group.addoption(
        "--write-validation",
        action="store_true",
        help="write docs/validation.md from the figures of this run",
    )


def pytest_configure(config: pytest.Config) -> None:
    """A reference folder without cases would pass with nothing but skips."""
    folder = config.getoption("--reference")
    if not folder.is_dir():
        message = f"--reference {folder}: there is no such folder."
        raise pytest.UsageError(message)
    if not [*folder.glob("*.csv"), *folder.glob("*.csv.gz")]:
        message = f"--reference {folder}: no case X.csv or X.csv.gz in it."
        raise pytest.UsageError(message)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Only what waits on the wall clock gets another try: the rest must not need it."""
    for item in items:
        if item.get_closest_marker("real_time"):
            item.add_marker(pytest.mark.flaky(reruns=2))
