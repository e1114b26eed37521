"""Which addresses a call may go to: those of the public internet, and nothing that is near this server.

What a name or a number in an address means is decided by the resolver alone, so `2130706433`, `0177.1` and
`127.0.0.1.nip.example` are all seen as what they lead to.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

#: Not for us, some of them public by the registry: what carries another address, relays, clouds' own services.
_NETWORKS: tuple[IPv4Network | IPv6Network, ...] = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",  # this network
        "100.64.0.0/10",  # carriers' own, and a cloud's metadata at 100.100.100.200
        "168.63.129.16/32",  # Azure's own services, metadata among them
        "169.254.0.0/16",  # link-local, metadata of most clouds
        "192.0.0.0/24",  # protocol assignments, metadata of Oracle's cloud
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",  # benchmarks
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and the broadcast
        "::/96",  # IPv4 in IPv6, the old way
        "::ffff:0:0/96",  # IPv4 in IPv6
        "::ffff:0:0:0/96",  # IPv4, translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64, local
        "100::/64",  # discard
        "2001::/23",  # Teredo, ORCHID and other protocols
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fc00::/7",  # unique local, metadata at fd00:ec2::254 among them
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local
        "ff00::/8",  # multicast
    )
)


def is_public(address: str) -> bool:
    """Of an address as a resolver writes it. What cannot be read is not public."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return _is_global(found) and not any(found in network for network in _NETWORKS if network.version == found.version)


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
