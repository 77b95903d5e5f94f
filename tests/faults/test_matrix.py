"""Every fault that can be injected on one machine, with the invariants of an observer."""

import pytest

from tests.faults.data_cases import DATA_CASES
from tests.faults.host_cases import HOST_CASES
from tests.faults.plant_cases import PLANT_CASES
from tests.faults.rig import assert_invariants, run
from tests.faults.wire_cases import WIRE_CASES

pytestmark = pytest.mark.real_time

FAST = {"03 reset in the middle of a write", "42 operator holds one setpoint"}
CASES = [
    pytest.param(
        case, id=case.name, marks=[] if case.name in FAST else pytest.mark.slow
    )
    for case in (*WIRE_CASES, *PLANT_CASES, *DATA_CASES, *HOST_CASES)
]


@pytest.mark.parametrize("case", CASES)
def test_fault(case, tmp_path, fault_table):
    with fault_table.row(case) as row:
        course = run(tmp_path, case.steps, **case.others())
        assert_invariants(course, case.moved_by_others)
        row.seen = case.check(course)
