"""Which hosts are this machine."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a name or an address reaches this machine only, without asking a name server."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
