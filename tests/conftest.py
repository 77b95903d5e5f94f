"""Options of the test run."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


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
