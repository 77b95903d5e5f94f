"""A controller whose memory outlives its process.

The peak of the month decides what a watt costs, offsets are learned over hours: neither
may be lost with a process. After each decision the memory is put on disk as a whole or
not at all; a new process goes on from there. A memory that cannot be read, is another
site's or lies in the future of the plant's clock is told in the reason of the first
decision and left behind: then the controller begins as new.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from twin.forecast import Forecast
from twin.interfaces import Decision, Estimate


class WithMemory(Protocol):
    """A controller that can tell what it remembers."""

    name: str

    def decide(
        self, estimate: Estimate, forecast: Forecast | None, now_s: float
    ) -> Decision:
        """Decide."""

    def state(self) -> dict[str, Any]:
        """Memory, as JSON can hold it."""

    def restore(self, known: Mapping[str, Any]) -> None:
        """Go on from a memory."""


class Remembered:
    """Controller with its memory in a file.

    Parameters
    ----------
    controller
        Fresh.
    path
        Of the memory; its folder exists when the first decision is made.
    site
        Name of the site that is controlled.
    """

    def __init__(self, controller: WithMemory, path: Path, site: str) -> None:
        self._controller = controller
        self._path, self._site = path, site
        self.name = controller.name
        self._begun, self._told = False, ""

    def decide(
        self, estimate: Estimate, forecast: Forecast | None, now_s: float
    ) -> Decision:
        """Recall at first, decide, then remember."""
        if not self._begun:
            self._begun, self._told = True, self._recall(now_s)
        made = self._controller.decide(estimate, forecast, now_s)
        told, self._told = self._told, self._keep(now_s)
        return made._replace(reason=f"{made.reason}; {told}") if told else made

    def _recall(self, now_s: float) -> str:
        """Go on from the file if there is one."""
        if not self._path.exists():
            return ""
        try:
            known = json.loads(self._path.read_text(encoding="utf-8"))
            if known["site"] != self._site or known["now_s"] > now_s:
                return f"memory {self._path.name} is of another run, begun as new"
            self._controller.restore(known["memory"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            return f"memory {self._path.name} is not readable ({error}), begun as new"
        return f"goes on from the memory of {float(known['now_s']):.0f} s"

    def _keep(self, now_s: float) -> str:
        """Put the memory on disk; says what went wrong, in the next reason."""
        memory = self._controller.state()
        document = {"site": self._site, "now_s": now_s, "memory": memory}
        fresh = self._path.with_name(f"fresh_{self._path.name}")
        try:
            fresh.write_text(json.dumps(document), encoding="utf-8")
            fresh.replace(self._path)
        except OSError as error:
            return f"memory not kept: {error.strerror}"
        return ""
