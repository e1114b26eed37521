"""Is the port free, and which one when any will do."""

from __future__ import annotations

import errno
import socket

from engine.errors import ConfigurationError, PortTaken


def free_port(host: str, port: int) -> int:
    """`port`, or a free one for 0. Raises PortTaken, or ConfigurationError for an address that is not ours."""
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror as error:
        raise ConfigurationError(f"the address {host} is not known here: {error.strerror}; see --host") from error
    with socket.socket(address[0], socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: TIME_WAIT is not "taken"
        try:
            probe.bind(address[4])
        except OSError as error:
            raise _explained(error, host, port) from error
        return int(probe.getsockname()[1])


def _explained(error: OSError, host: str, port: int) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        return PortTaken(host, port)
    if error.errno == errno.EACCES:
        return ConfigurationError(f"port {port} needs more rights than you have; choose one above 1023 with --port")
    return ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror}; see --host and --port")


def url(host: str, port: int) -> str:
    """Where a browser on this machine reaches a server that listens on `host`."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name and not name.startswith("[") else f"http://{name}:{port}"
