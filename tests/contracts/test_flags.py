"""Whatever the plant documents as a flag is raised by some row of the contracts."""

import re
from pathlib import Path

import plant
from tests.contracts.test_components import ROWS, evaluate

FLAG = re.compile(r"^ {4}(\w+): Numeric  # 1 (?:where|when)", re.MULTILINE)
PREDICATE = re.compile(r'def ([a-z]\w+)\([^"]*"""1 where', re.MULTILINE)


# they take a record, see tests/plant/power/test_ups.py and test_ageing.py
TESTED_ELSEWHERE = {
    ("plant.power.ups", "eco_admitted"),
    ("plant.power.ageing", "backwards"),
}


def test_every_flag_is_raised_by_some_row():
    """Fields and functions of the plant that are documented as "1 where ..."."""
    raised = set()
    for row in ROWS.values():
        first = () if row.beyond is None else (row.beyond,)
        for arguments, flag in (*first, *row.more):
            outputs = evaluate(row, *arguments)
            assert float(getattr(outputs, flag) if flag else outputs) == 1.0
            home = type(outputs) if flag else row.equation
            raised.add((home.__module__, flag or row.equation.__name__))
    declared = set()
    root = Path(plant.__file__).parents[1]
    for path in root.glob("plant/**/[!_]*.py"):
        text = path.read_text()
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        names = {*FLAG.findall(text), *PREDICATE.findall(text)}
        declared |= {(module, name) for name in names}
    assert declared - raised == TESTED_ELSEWHERE
