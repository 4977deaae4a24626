"""What this machine is called, and at which addresses it is."""

import ipaddress
import re
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

from pichat.config.types import Server

Address = IPv4Address | IPv6Address

_LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_LONGEST_NAME = 253


def addresses_now(without: tuple[str, ...] = ()) -> frozenset[Address]:
    """Every address of every interface, loopback among them. `without`: how the names of those
    begin that do not count."""
    import ifaddr  # looks for the C library with a program: only where it is needed

    counting = (each for each in ifaddr.get_adapters() if not str(each.name).startswith(without))
    found = (ip.ip for adapter in counting for ip in adapter.ips)
    return frozenset(ipaddress.ip_address(ip if isinstance(ip, str) else ip[0]) for ip in found)


def as_address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def as_name(text: str) -> str | None:
    """A DNS name in lower case, without the dot at its end; None for what is none."""
    name = text.rstrip(".").lower()
    fits = len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) and as_address(name) is None
    return name if fits else None


class Machine:
    """`config` may be replaced while it runs. `announced`: the name that the network knows it by,
    without `.local`; another than `config.name` where that was taken. `look`: the addresses of its
    interfaces, as they are now."""

    def __init__(
        self, config: Server, look: Callable[[], frozenset[Address]] = addresses_now
    ) -> None:
        self.config = config
        self.announced = config.name
        self._look = look

    @property
    def host_name(self) -> str:
        """What it calls itself, the first part only."""
        return (as_name(socket.gethostname()) or "pichat").partition(".")[0]

    def names(self) -> frozenset[str]:
        """The names under which a browser may find it, addresses not among them."""
        machine = as_name(socket.gethostname())
        known = {"localhost", f"{self.config.name}.local", f"{self.announced}.local"}
        if machine is not None:
            known |= {machine, self.host_name, f"{self.host_name}.local"}
        return frozenset(known) | self.given_names()

    def given_names(self) -> frozenset[str]:
        """Those that the configuration gives it."""
        given = (as_name(each) for each in (*self.config.names, self.config.host))
        return frozenset(name for name in given if name is not None)

    def addresses(self) -> frozenset[Address]:
        """Those of its interfaces, and those that the configuration gives it. Raises OSError when
        the system does not tell."""
        given = (as_address(each) for each in (*self.config.names, self.config.host))
        known = {each for each in given if each is not None and not each.is_unspecified}
        return self._look() | known
