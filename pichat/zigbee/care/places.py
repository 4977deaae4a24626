"""Which endpoint, cluster and attribute somebody means who gives numbers or names."""

from __future__ import annotations

from typing import Any, NamedTuple

from pichat.errors import BadRequestError, NotFoundError, UnsupportedError
from pichat.zigbee.care.asking import Known

Named = int | str
"""A number, a number as text (0x0006), or a name of the ZCL (on_off)."""


class Place(NamedTuple):
    """`cluster` is zigpy's."""

    endpoint: int
    cluster: Any

    @property
    def name(self) -> str:
        return cluster_name(int(self.cluster.cluster_id))


class Which(NamedTuple):
    """An attribute: `definition` is zigpy's, None where the ZCL has none of that number."""

    id: int
    name: str
    definition: Any
    manufacturer: int | None


def number(value: Named) -> int | None:
    """None for what is no number."""
    if isinstance(value, int):
        return value
    try:
        return int(value.strip(), 0)
    except ValueError:
        return None


def folded(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_").replace("/", "_")


def cluster_name(cluster_id: int) -> str:
    """Such as on_off, or 0xfc7c for one that is nobody's standard."""
    found = cluster_types().get(cluster_id)
    return str(found.ep_attribute) if found is not None else f"{cluster_id:#06x}"


def cluster_types() -> dict[int, Any]:
    from zigpy.zcl import Cluster

    return {int(number): kind for number, kind in Cluster._registry.items()}  # noqa: SLF001


def cluster_number(wanted: Named) -> int:
    """Raises NotFoundError and BadRequestError."""
    found = number(wanted)
    if found is not None:
        if not 0 <= found <= 0xFFFF:
            raise BadRequestError(f"{wanted} is no cluster: they go from 0 to 0xffff.")
        return found
    name = folded(str(wanted))
    for cluster_id, kind in cluster_types().items():
        if name in (folded(str(kind.ep_attribute)), folded(kind.__name__)):
            return cluster_id
    raise NotFoundError(f"There is no cluster called “{wanted}”.")


def place(known: Known, cluster: Named, endpoint: int | None = None) -> Place:
    """Where the device has the cluster: on its own side first, else as a client. Raises
    UnsupportedError and what `cluster_number` raises."""
    wanted = cluster_number(cluster)
    for side in ("in_clusters", "out_clusters"):
        for one in known.zigpy.non_zdo_endpoints:
            clusters = getattr(one, side)
            if wanted in clusters and endpoint in (None, one.endpoint_id):
                return Place(int(one.endpoint_id), clusters[wanted])
    where = f" on endpoint {endpoint}" if endpoint is not None else ""
    raise UnsupportedError(f"The {known.name} has no {cluster_name(wanted)} cluster{where}.")


def attribute(found: Place, wanted: Named, manufacturer: int | None = None) -> Which:
    """Raises NotFoundError and BadRequestError."""
    asked = number(wanted)
    cluster = found.cluster
    if asked is None:
        name = folded(str(wanted))
        definition = cluster.attributes_by_name.get(name)
        if definition is None:
            raise NotFoundError(f"The {found.name} cluster has no attribute called “{wanted}”.")
        code = manufacturer or cluster._get_effective_manufacturer_code(definition)  # noqa: SLF001
        return Which(int(definition.id), name, definition, code)
    if not 0 <= asked <= 0xFFFF:
        raise BadRequestError(f"{wanted} is no attribute: they go from 0 to 0xffff.")
    try:
        definition = cluster.find_attribute(asked, manufacturer_code=manufacturer)
    except KeyError:
        return Which(asked, f"{asked:#06x}", None, manufacturer)
    return Which(asked, str(definition.name), definition, manufacturer)
