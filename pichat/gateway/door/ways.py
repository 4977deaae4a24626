"""How other machines of the house find this one, and that as a picture for a telephone's camera."""

import io
import socket
from urllib.parse import urlsplit

from pichat.config.types import Server
from pichat.gateway.machine import Address, Machine, as_address

_ELSEWHERE = ("192.0.2.1", 9)  # an address that nobody has: nothing is sent to it


def ways_in(machine: Machine, url: str) -> tuple[str, ...]:
    """Where a browser of another machine finds the page, the likeliest first: without a slash at
    the end. None where only this machine can come. `url`: where this machine itself finds it."""
    here = urlsplit(url)
    return tuple(f"{here.scheme}://{host}:{here.port}" for host in _hosts(machine))


def only_here(config: Server) -> str:
    """What to tell whoever would let another machine in where none can come."""
    return (
        f"No other machine can come here: server.host in config.yaml is {config.host}. Set it to"
        " 0.0.0.0 and start PiChat again."
    )


def code_url(way: str, code: str) -> str:
    """The page that pairs by that code. What follows a # is never sent, and stands in no log."""
    return f"{way}/pair#code={code}"


def as_svg(text: str) -> str:
    """A QR code, dark on light, as an image of its own."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", scale=6, border=4, light="#fff", dark="#000")
    return out.getvalue().decode()


def _hosts(machine: Machine) -> list[str]:
    config = machine.config
    bound = as_address(config.host)
    if config.host == "localhost" or (bound is not None and bound.is_loopback):
        return []
    names = [*sorted(machine.given_names())]
    if config.announce:
        names.append(f"{machine.announced}.local")
    if bound is not None and bound.is_unspecified:
        return [*map(_in_url, _reachable(machine)), *names]
    # Else it is one address or name, and listens nowhere else.
    return list(dict.fromkeys([_in_url(bound) if bound else config.host, *names]))


def _reachable(machine: Machine) -> list[Address]:
    """The addresses that a telephone in the house may have a way to, the likeliest first."""
    try:
        found = machine.addresses()
    except OSError:
        return []
    usable = [each for each in found if not (each.is_loopback or each.is_link_local)]
    chosen = [each for each in usable if each.version == 4] or usable
    outwards = _towards_elsewhere()
    return sorted(chosen, key=lambda each: (str(each) != outwards, int(each)))


def _towards_elsewhere() -> str | None:
    """The address from which this machine speaks with the world: the one of the house's network,
    where there are others for virtual machines."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _in_url(address: Address) -> str:
    return f"[{address}]" if address.version == 6 else str(address)
