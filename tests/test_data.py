"""No file ships without its source and licence in ``data/README.md``."""

import re
from fnmatch import fnmatch
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"


def test_every_file_is_covered_by_the_readme() -> None:
    text = (DATA / "README.md").read_text(encoding="utf-8")
    covered = set()
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        folder = section.split("\n", 1)[0].split(",")[0].strip()
        cells = re.findall(r"^\| (`.*?) \|", section, flags=re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", " ".join(cells)):
            ending = "*" if name.endswith("_") else ""
            covered |= {f"{name}{ending}", f"{folder}/{name}{ending}"}
    shipped = [p.relative_to(DATA) for p in DATA.rglob("*") if p.is_file()]
    stray = [
        str(path)
        for path in shipped
        if not any(fnmatch(str(path), pattern) for pattern in covered | {"README.md"})
    ]
    assert not stray, f"not in data/README.md: {stray}"
