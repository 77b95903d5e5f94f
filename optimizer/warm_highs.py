"""HiGHS behind Pyomo, persistent and with a start from the last integers."""

from typing import Any

import numpy as np
from pyomo.contrib.solver.solvers.highs import Highs


def plan_solver(time_limit_s: float) -> "WarmHighs":
    """Solver for a model that is built once and re-solved with new parameters.

    One thread: two gain nothing on problems of this size and leave no core to the rest.
    Only parameters are scanned for changes between two solves.
    """
    solver = WarmHighs()
    solver.config.threads = 1
    solver.config.time_limit = time_limit_s
    solver.config.load_solutions = False
    solver.config.raise_exception_on_nonoptimal_result = False
    for name in solver.config.auto_updates:
        solver.config.auto_updates[name] = name == "update_parameters"
    return solver


class WarmHighs(Highs):  # type: ignore[misc]  # pyomo ships no types
    """HiGHS that starts from the last integers (this interface has no MIP start).

    It hooks a private method of Pyomo 6.10, which pyproject pins; a test covers it.
    """

    def update_parameters(self) -> None:
        """Take new values over without a word.

        Pyomo leaves HiGHS talking after a solve, and since 1.16 HiGHS warns of each
        coefficient that was left out as zero and stays zero: on our standard output.
        """
        self._solver_model.setOptionValue("log_to_console", False)
        super().update_parameters()

    def _solve(self) -> Any:
        columns, values = [], []
        for identity, column in self._pyomo_var_to_solver_var_map.items():
            variable = self._vars[identity][0]
            if variable.value is not None and not variable.is_continuous():
                columns.append(column)
                values.append(float(round(variable.value)))
        if columns:
            self._solver_model.setSolution(
                len(columns), np.array(columns, np.int32), np.array(values)
            )
        return super()._solve()
