"""One file for each page: a view in, widgets out."""

from collections.abc import Callable

from dashboards.app.pages import (
    alarms,
    audit,
    cooling,
    it,
    optimizer,
    overview,
    power,
    studies,
    trends,
    whatif,
)
from dashboards.app.view import View

PAGES: dict[str, Callable[[View], None]] = {
    "overview": overview.draw,
    "power": power.draw,
    "cooling": cooling.draw,
    "it": it.draw,
    "optimizer": optimizer.draw,
    "trends": trends.draw,
    "alarms": alarms.draw,
    "whatif": whatif.draw,
    "studies": studies.draw,
    "audit": audit.draw,
}
