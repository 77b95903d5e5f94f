"""The plant of a site as a drawing: electrical line and water together, with live values.

Boxes and pipes come from the site file: a part of size zero is not drawn. Two layouts of
the same parts: wide, and two columns for a phone. A box beyond a limit has colour, a
thick frame and a triangle with the number of the priority; a value that is not known is
a dash.
"""

from html import escape
from typing import NamedTuple

from dashboards.app.texts import say
from dashboards.app.view import View, margins
from dashboards.topology import size

WIDTH, HEIGHT, GAP_X, GAP_Y = 178, 74, 34, 26
BOX = "b"


class Part(NamedTuple):
    """One box."""

    key: str
    number: float  # of units
    size: str
    values: tuple[tuple[str, str], ...]  # signal and SI unit ("%" for fractions)
    wide: tuple[int, int]  # column and row
    tall: tuple[int, int]


class Pipe(NamedTuple):
    """One line between boxes."""

    kind: str  # power, water, air
    ends: tuple[str, str]


PIPES = (
    Pipe("power", ("utility", "transformer")),
    Pipe("power", ("pv", "transformer")),
    Pipe("power", ("generator", "transformer")),
    Pipe("power", ("transformer", "ups")),
    Pipe("power", ("transformer", "house")),
    Pipe("power", ("battery", "ups")),
    Pipe("power", ("ups", "busway")),
    Pipe("power", ("busway", "racks")),
    Pipe("water", ("racks", "cdu")),
    Pipe("air", ("racks", "coils")),
    Pipe("water", ("cdu", "water")),
    Pipe("water", ("coils", "water")),
    Pipe("water", ("coils", "chillers")),
    Pipe("water", ("chillers", "towers")),
    Pipe("water", ("water", "tank")),
    Pipe("water", ("water", "consumer")),
    Pipe("water", ("water", "exchangers")),
    Pipe("water", ("exchangers", "towers")),
    Pipe("air", ("towers", "outdoor")),
    Pipe("air", ("ahu", "outdoor")),
    Pipe("air", ("coils", "ahu")),
)
# Which limited temperature belongs to which box.
LIMITED = {"chip_c": "racks", "rack_inlet_c": "racks", "tcs_supply_c": "cdu"}


def parts(view: View) -> list[Part]:
    """Every part that the site has."""
    return [part for part in (*_power(view), *_heat(view)) if part.number > 0]


def _power(view: View) -> list[Part]:
    """Utility to racks."""
    chain, racks = view.site.facility.power, view.site.facility.it.racks
    pv_w = chain.pv.array.rated_power_w
    return [
        Part("utility", 1, "", (("site_power_w", "W"),), (0, 0), (0, 0)),
        Part("pv", pv_w > 0, size(pv_w), (), (0, 1), (1, 0)),
        Part(
            "transformer",
            chain.transformer_count,
            size(chain.transformer.rated_power_w),
            (("transformer_loss_w", "W"),),
            (1, 0),
            (0, 1),
        ),
        Part("generator", chain.generator_count, "", (), (1, 1), (1, 1)),
        Part(
            "ups",
            chain.ups_count,
            size(chain.ups.rated_power_w),
            (("ups_loss_w", "W"), ("ups_load_fraction", "%")),
            (2, 0),
            (0, 2),
        ),
        Part(
            "battery",
            chain.battery.energy_j > 0,
            f"{chain.battery.energy_j / 3.6e9:.3g} MWh",
            (("battery_power_w", "W"), ("battery_soc", "%")),
            (2, 1),
            (1, 2),
        ),
        Part(
            "house",
            chain.house_power_w > 0,
            "",
            (("house_power_w", "W"),),
            (3, 1),
            (1, 3),
        ),
        Part(
            "busway",
            1,
            size(chain.busway.rated_power_w),
            (("distribution_loss_w", "W"),),
            (3, 0),
            (0, 3),
        ),
        Part(
            "racks",
            1,
            size(racks.rated_power_w),
            (("it_power_w", "W"), ("rack_inlet_c", "degC")),
            (4, 0),
            (0, 4),
        ),
    ]


def _heat(view: View) -> list[Part]:
    """Racks to the outdoor air."""
    plant = view.site.facility
    side, racks = plant.heat_rejection, plant.it.racks
    liquid, air = racks.liquid_fraction > 0, racks.liquid_fraction < 1
    chillers, tank = plant.trim_chillers, plant.facility_water.tank
    return [
        Part(
            "cdu",
            plant.technology.cdu_count * liquid,
            "",
            (("tcs_supply_c", "degC"), ("cdu_heat_w", "W")),
            (4, 1),
            (1, 4),
        ),
        Part(
            "coils",
            plant.air.in_row_count * air,
            "",
            (("air_supply_c", "degC"), ("in_row_heat_w", "W")),
            (4, 2),
            (0, 5),
        ),
        Part(
            "water",
            plant.facility_water.pump_count,
            "",
            (("fws_supply_c", "degC"), ("fws_return_c", "degC")),
            (3, 3),
            (1, 6),
        ),
        Part(
            "chillers",
            chillers.chiller_count,
            size(chillers.chiller.reference_capacity_w),
            (("chillers_on", "count"), ("chiller_power_w", "W")),
            (3, 2),
            (0, 6),
        ),
        Part(
            "tank", tank.flow_kg_s > 0, "", (("tank_upper_c", "degC"),), (4, 3), (1, 5)
        ),
        Part(
            "consumer",
            plant.facility_water.consumer.flow_kg_s > 0,
            "",
            (("heat_reused_w", "W"),),
            (2, 2),
            (1, 8),
        ),
        Part(
            "exchangers",
            side.exchanger_count,
            "",
            (("tower_return_c", "degC"),),
            (2, 3),
            (1, 7),
        ),
        Part(
            "towers",
            side.tower_cell_count,
            "",
            (("tower_supply_c", "degC"), ("tower_fan_power_w", "W")),
            (1, 3),
            (0, 7),
        ),
        Part("ahu", plant.air.ahu_count, "", (("ahu_heat_w", "W"),), (1, 2), (0, 9)),
        Part("outdoor", 1, "", (("wet_bulb_c", "degC"),), (0, 3), (0, 8)),
    ]


def drawing(view: View, tall: bool, selected: str = "") -> str:
    """The plant as one SVG element.

    Parameters
    ----------
    view
        Run up to now.
    tall
        Two columns, for a phone.
    selected
        Key of the box that is looked at.
    """
    boxes = {part.key: part for part in parts(view)}
    place = {key: (p.tall if tall else p.wide) for key, p in boxes.items()}
    columns = 1 + max(column for column, _ in place.values())
    rows = 1 + max(row for _, row in place.values())
    width, height = columns * (WIDTH + GAP_X), rows * (HEIGHT + GAP_Y)
    lines = [
        _pipe(pipe.kind, place[pipe.ends[0]], place[pipe.ends[1]])
        for pipe in PIPES
        if pipe.ends[0] in place and pipe.ends[1] in place
    ]
    low = {LIMITED[m.signal] for m in margins(view) if m.margin_k < 0}
    drawn = [
        _box(view, part, place[key], key in low, key == selected)
        for key, part in boxes.items()
    ]
    kind = "tall" if tall else "wide"
    title = escape(say("schematic.title", view.language))
    return (
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="group" '
        f'aria-label="{title}">{"".join(lines)}{"".join(drawn)}</svg>'
    )


def _centre(place: tuple[int, int]) -> tuple[float, float]:
    """Middle of a box."""
    column, row = place
    x = column * (WIDTH + GAP_X) + GAP_X / 2 + WIDTH / 2
    return x, row * (HEIGHT + GAP_Y) + GAP_Y / 2 + HEIGHT / 2


def _pipe(kind: str, begin: tuple[int, int], end: tuple[int, int]) -> str:
    """Straight line, or round the corner through the gap between the rows."""
    (x0, y0), (x1, y1) = _centre(begin), _centre(end)
    if x0 == x1 and abs(begin[1] - end[1]) > 1:  # past the boxes between
        side = x0 + WIDTH / 2 + GAP_X / 3
        way = f"M{x0},{y0} H{side} V{y1} H{x1}"
    elif begin[1] == end[1] or x0 == x1:
        way = f"M{x0},{y0} L{x1},{y1}"
    else:
        down = 1 if y1 > y0 else -1
        lane = y1 - down * (HEIGHT + GAP_Y) / 2
        way = f"M{x0},{y0} V{lane} H{x1} V{y1}"
    return f'<path class="{kind}" d="{way}"/>'


def _box(
    view: View, part: Part, place: tuple[int, int], beyond: bool, selected: bool
) -> str:
    """Box with name, number and values."""
    x, y = (c - s / 2 for c, s in zip(_centre(place), (WIDTH, HEIGHT), strict=True))
    name = say(f"part.{part.key}", view.language)
    head = f"{part.number:g} × {name}" if part.number > 1 else name
    tongue = view.language
    values = [
        (signal, f"{say(f'short.{signal}', tongue)} {view.shown(signal, si)}")
        for signal, si in part.values
    ]
    spoken = ", ".join([head, *(text for _, text in values)])
    classes = " ".join(
        [BOX, *(["beyond"] if beyond else []), *(["chosen"] if selected else [])]
    )
    rows = [
        f'<text class="name" x="{x + 9}" y="{y + 19}">{escape(head)}</text>',
        f'<text class="size" x="{x + WIDTH - 9}" y="{y + HEIGHT - 8}" '
        f'text-anchor="end">{escape(part.size)}</text>',
    ]
    rows += [
        f'<text class="value" x="{x + 9}" y="{y + 40 + 20 * number}" '
        f'data-signal="{escape(signal)}">{escape(text)}</text>'
        for number, (signal, text) in enumerate(values)
    ]
    if beyond:
        rows.append(_mark(x + WIDTH - 14, y + 14))
    return (
        f'<g class="{classes}" data-part="{part.key}" tabindex="0" role="button" '
        f'aria-label="{escape(spoken)}"><rect x="{x}" y="{y}" width="{WIDTH}" '
        f'height="{HEIGHT}" rx="3"/>{"".join(rows)}</g>'
    )


def _mark(x: float, y: float) -> str:
    """Triangle with the priority, so that colour is never alone."""
    corners = f"{x},{y - 11} {x - 12},{y + 9} {x + 12},{y + 9}"
    return (
        f'<polygon class="mark" points="{corners}"/>'
        f'<text class="priority" x="{x}" y="{y + 6}" text-anchor="middle">1</text>'
    )
