"""Which addresses a vendor may have: checked on the very address the socket uses.

A base URL comes from a person, and a name from the DNS: either may point into the own network, at a
cloud's metadata service or back at this machine. Source: OWASP, "Server-Side Request Forgery
Prevention"; RFC 6890 (special-purpose addresses), RFC 6052 (NAT64), RFC 3056 (6to4).
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from jackfield.errors import ConfigurationError

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.IPv6Network("::/96")


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, best first.

    Raises: OSError where the name is unknown.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a connection may go: public addresses, and others with leave only.

    `resolve` may be another one, to test with.
    """

    loopback: bool = False
    private: bool = False
    resolve: Callable[[str, int], Sequence[str]] = resolve

    def addresses(self, host: str, port: int) -> Sequence[str]:
        """Resolve once and return what may be connected to.

        Raises: OSError; ConfigurationError where one of the addresses is not allowed.
        """
        found = self.resolve(host, port)
        return permitted(host, found, loopback=self.loopback, private=self.private)


def permitted(
    host: str, addresses: Iterable[str], *, loopback: bool, private: bool
) -> Sequence[str]:
    """Return the addresses, each once; one that is not allowed refuses them all.

    `loopback` permits this machine, `private` the own network (RFC 1918, RFC 4193).

    Raises: ConfigurationError naming the host and the address.
    """
    found = list(dict.fromkeys(addresses))
    for text in found:
        address = ipaddress.ip_address(text.partition("%")[0])
        if not _is_permitted(address, loopback=loopback, private=private):
            raise ConfigurationError(
                f"{host} leads to {text}, which is no public address: a vendor cannot be there. "
                "For a server in your own network set allow_private_network = true"
            )
    return found


def _is_permitted(address: Address, *, loopback: bool, private: bool) -> bool:
    inner = _embedded(address)
    if inner is not None:
        return _is_permitted(inner, loopback=loopback, private=private)
    if address.is_loopback:
        return loopback
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return address.is_global or (private and address.is_private and not address.is_reserved)


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address) or address.is_loopback or address.is_unspecified:
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _COMPATIBLE or any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
