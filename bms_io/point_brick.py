"""A point map as a Brick model in Turtle; needs rdflib (extra ``semantic``)."""

from bms_io.point_semantics import UNITS, brick_class
from bms_io.points import Device, Point, PointMap
from twin.errors import ConfigError

try:
    from rdflib import BRICK, RDF, RDFS, BNode, Graph, Literal, Namespace, URIRef
except ImportError as error:
    needed = (
        "Brick needs rdflib. pip install 'wetbulb[semantic]', then call this again."
    )
    raise ConfigError(needed) from error

REF = Namespace("https://brickschema.org/schema/Brick/ref#")
BACNET = Namespace("http://data.ashrae.org/bacnet/2020#")
CLASSES = Namespace(str(BRICK))  # that of rdflib knows Brick of 2021 only
QUDT_UNIT = Namespace("http://qudt.org/vocab/unit/")
WIRE = Namespace("urn:wetbulb:wire#")  # Brick has no Modbus reference of its own


def brick(point_map: PointMap, site: str) -> str:
    """Turtle text of a map.

    Parameters
    ----------
    point_map
        Map to show.
    site
        Name of the site.

    Returns
    -------
    str
        A site, its devices as equipment, and every point with class, unit and place.
    """
    graph, here = Graph(), Namespace(f"urn:wetbulb:site:{site}#")
    spaces = {"brick": BRICK, "ref": REF, "bacnet": BACNET, "unit": QUDT_UNIT}
    for prefix, space in {**spaces, "wire": WIRE, "site": here}.items():
        graph.bind(prefix, space)
    graph.add((here[site], RDF.type, BRICK.Site))
    for device in point_map.devices.values():
        _add_device(graph, here[site], here[device.name], device)
    for point in point_map.points.values():
        _add_point(graph, here[point.name], here[point.device], point)
    return graph.serialize(format="turtle")


def _add_device(graph: Graph, site: URIRef, node: URIRef, device: Device) -> None:
    """Device as equipment of the site."""
    graph.add((node, RDF.type, BRICK.Equipment))
    graph.add((node, BRICK.hasLocation, site))
    graph.add((node, WIRE.protocol, Literal(device.protocol)))
    graph.add((node, WIRE.host, Literal(device.host)))
    graph.add((node, WIRE.port, Literal(device.port)))


def _add_point(graph: Graph, node: URIRef, device: URIRef, point: Point) -> None:
    """Point with class, unit and where it stands on the wire."""
    graph.add((node, RDF.type, CLASSES[brick_class(point)]))
    graph.add((node, RDFS.label, Literal(point.name)))
    graph.add((node, BRICK.isPointOf, device))
    if point.unit in UNITS:
        graph.add((node, BRICK.hasUnit, QUDT_UNIT[UNITS[point.unit].qudt]))
    place = BNode()
    graph.add((node, REF.hasExternalReference, place))
    if point.bacnet is not None:
        graph.add((place, RDF.type, REF.BACnetReference))
        graph.add((place, BACNET["object-identifier"], Literal(str(point.bacnet))))
        graph.add((place, BACNET.objectOf, device))
        return
    graph.add((place, RDF.type, REF.ExternalReference))
    if point.dsx is not None:
        graph.add((place, WIRE.topic, Literal(point.dsx)))
        return
    graph.add((place, WIRE.table, Literal(point.table)))
    graph.add((place, WIRE.address, Literal(point.address)))
    graph.add((place, WIRE.type, Literal(point.wire_type)))
    graph.add((place, WIRE.byteOrder, Literal(point.byte_order)))
