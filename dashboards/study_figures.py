"""Pictures of a study: Pareto, tornado, months, floor plan, one-line."""

import html

from matplotlib.figure import Figure

from dashboards.style import ACCENT, BASELINES, WIDTH_IN
from optimizer.study.run import Findings

SCALE = 6.0  # pixels per metre of the floor plan
SWINGS = 12
ROW = 22


def all_pictures(found: Findings) -> list[tuple[str, Figure]]:
    """Caption and figure."""
    return [
        ("Pareto: cost against PUE; the front in colour", _pareto(found)),
        ("Tornado: cost at both ends of each range", _tornado(found)),
        ("PUE and WUE of the best layout by month", _months(found)),
    ]


def _pareto(found: Findings) -> Figure:
    figure = Figure(figsize=(WIDTH_IN, 3.2), layout="constrained")
    axes = figure.subplots()
    table = found.screened
    rest, front = table[~table["on_front"]], table[table["on_front"]]
    axes.plot(rest["tco_usd"] / 1e6, rest["pue"], ".", color=BASELINES[0], ms=2)
    axes.plot(front["tco_usd"] / 1e6, front["pue"], "o", color=ACCENT, ms=3)
    axes.set_xlabel("TCO [million USD]")
    axes.set_ylabel("PUE")
    return figure


def _tornado(found: Findings) -> Figure:
    figure = Figure(figsize=(WIDTH_IN, 3.4), layout="constrained")
    axes = figure.subplots()
    for place, swing in enumerate(reversed(found.swings[:SWINGS])):
        low, high = swing.tco_low_usd / 1e6, swing.tco_high_usd / 1e6
        colour = ACCENT if swing.flips else BASELINES[0]
        axes.barh(place, high - low, left=low, color=colour)
        axes.text(low, place, f"{swing.name} ", ha="right", va="center", fontsize=7)
    axes.set_yticks([])
    axes.margins(x=0.3)
    axes.set_xlabel("TCO of the best layout [million USD]; colour: the answer flips")
    return figure


def _months(found: Findings) -> Figure:
    figure = Figure(figsize=(WIDTH_IN, 2.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    top = found.finalists[0]
    for axes, values, name in (
        (left, top.monthly_pue, "PUE"),
        (right, top.monthly_wue_l_kwh, "WUE [l/kWh]"),
    ):
        axes.plot(range(1, 13), values, color=ACCENT)
        axes.set_xlabel("month")
        axes.set_ylabel(name)
    return figure


def floor_plan(found: Findings) -> str:
    """Modules, busways, CDUs and the pipe corridor as an SVG element."""
    phase, items = found.answer.phases[-1], found.loaded.catalogue.items
    parts: list[str] = []
    x, y, width = 0.0, 30.0, 900.0
    for module, colour in (("air_module", "#e8e8e8"), ("liquid_module", "#cfe0f3")):
        side = items[module].footprint_m2 ** 0.5 * SCALE
        for _ in range(phase.modules[module]):
            if x + side > width:
                x, y = 0.0, y + side + 10.0
            parts.append(_module(x, y, side, colour, module))
            x += side + 6.0
        x, y = 0.0, y + side + 18.0
    parts.append(
        f'<rect x="0" y="{y:.0f}" width="{width:.0f}" height="10" fill="#7fb2d9"/>'
        f'<text x="4" y="{y + 24:.0f}">pipe corridor; {phase.units["cdu"]} CDUs, '
        f"{phase.units['in_row']} in-row coolers</text>"
    )
    legend = (
        '<text x="0" y="16">grey: air area, blue: air-liquid area; dark line: busway; '
        "areas to scale</text>"
    )
    body = legend + "".join(parts)
    return _element("floor-plan", width, y + 34.0, body)


def _module(x: float, y: float, side: float, colour: str, name: str) -> str:
    middle = y + side / 2.0
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{side:.1f}" height="{side:.1f}" '
        f'fill="{colour}" stroke="#999"><title>{html.escape(name)}</title></rect>'
        f'<line x1="{x:.1f}" y1="{middle:.1f}" x2="{x + side:.1f}" y2="{middle:.1f}" '
        'stroke="#333" stroke-width="2"/>'
    )


def one_line(found: Findings) -> str:
    """Utility to racks with counts and ratings as an SVG element."""
    units, chain = found.finalists[0].choice, found.loaded.site.facility.power
    phase, envelope = found.answer.phases[-1], found.loaded.study.envelope
    taps = ", ".join(f"{n} x {rating} A" for rating, n in phase.taps.items() if n)
    boxes = (
        f"utility {envelope.utility_limit_w / 1e6:g} MW",
        f"{units.transformer:g} transformers x "
        f"{chain.transformer.rated_power_w / 1e6:g} MVA",
        f"{units.ups:g} UPS modules x {chain.ups.rated_power_w / 1e6:g} MW",
        f"busway, taps {taps}",
        f"racks {phase.it_power_w / 1e6:.4g} MW",
    )
    parts = []
    for place, text in enumerate(boxes):
        y = 10 + place * 2 * ROW
        parts.append(
            f'<rect x="10" y="{y}" width="420" height="{ROW}" fill="#f4f4f4" '
            f'stroke="#999"/><text x="18" y="{y + 15}">{html.escape(text)}</text>'
        )
        if place:
            parts.append(
                f'<line x1="220" y1="{y - ROW}" x2="220" y2="{y}" stroke="#333"/>'
            )
    return _element("one-line", 900.0, 10.0 + len(boxes) * 2 * ROW, "".join(parts))


def _element(name: str, width: float, height: float, body: str) -> str:
    return (
        f'<svg id="{name}" viewBox="0 0 {width:.0f} {height:.0f}" '
        'xmlns="http://www.w3.org/2000/svg" font-size="12" '
        f'font-family="system-ui, sans-serif" fill="#333">{body}</svg>'
    )
