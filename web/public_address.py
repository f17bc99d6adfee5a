"""Addresses that a server may connect to because a stranger named them: public ones, and what the operator lists.

The ranges are those of the IANA special-purpose registries (RFC 6890), as the standard library knows them, and more
that lead back inside: IPv4 within IPv6, and the addresses at which clouds answer their own machines.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_INSIDE: tuple[Network, ...] = (
    IPv4Network("168.63.129.16/32"),  # Azure's own services, in a public range
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv6Network("3fff::/20"),  # documentation
)


class AddressPolicy:
    """Decides by the address itself, however it was written or resolved.

    Args:
        allowed: networks (`10.1.0.0/16`, `::1/128`) to which connections are made although they are not public.

    Raises:
        ValueError: an entry is no network.
    """

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        self._allowed = tuple(ip_network(one) for one in allowed)

    def allows(self, address: str) -> bool:
        """True if a connection may be made to this numeric address."""
        try:
            outer = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        inner = _embedded(outer)
        meant = inner or outer
        if any(meant in network or outer in network for network in self._allowed):
            return True
        if inner is not None:
            return _is_public(inner)
        return _is_public(outer)


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for, if it stands for one."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64 or address in _COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_public(address: Address) -> bool:
    if any(address in network for network in _INSIDE) or address.is_multicast or not address.is_global:
        return False
    return isinstance(address, IPv4Address) or address in _GLOBAL_UNICAST
