"""No case lies in the reference folder without a test that replays it."""

import re
from pathlib import Path

HERE = Path(__file__).parent
PATTERN = re.compile(r'(?:PREFIX = |prefix\()"([a-zA-Z0-9_]+)"')


def test_every_case_is_replayed(request):
    prefixes = {
        prefix
        for path in HERE.glob("test_*.py")
        for prefix in PATTERN.findall(path.read_text())
    }
    folder = request.config.getoption("--reference")
    cases = {path.name for path in folder.glob("*.csv*")}
    missed = {name for name in cases if not name.startswith(tuple(prefixes))}
    assert not missed
