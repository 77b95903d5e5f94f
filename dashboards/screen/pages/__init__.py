"""One file for each page: a view in, widgets out."""

from collections.abc import Callable

from dashboards.screen.pages import overview
from dashboards.screen.view import View

PAGES: dict[str, Callable[[View], None]] = {"overview": overview.draw}
