"""Doors that are shut while tests run: no socket leaves this machine."""

import ipaddress
import socket
from typing import Any

_connect, _connect_ex, _getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo


class OutsideError(RuntimeError):
    """A test tried to reach another machine."""


def shut() -> None:
    socket.socket.connect = _checked(_connect)  # type: ignore[method-assign]
    socket.socket.connect_ex = _checked(_connect_ex)  # type: ignore[method-assign]
    socket.getaddrinfo = _checked_names


def _checked(connect: Any) -> Any:
    def checked(line: socket.socket, address: Any) -> Any:
        if line.family in (socket.AF_INET, socket.AF_INET6):
            _require_here(address[0])
        return connect(line, address)

    return checked


def _checked_names(host: Any, *args: Any, **kwargs: Any) -> Any:
    if host:
        _require_here(host)
    return _getaddrinfo(host, *args, **kwargs)


def _require_here(host: str | bytes) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name == "localhost" or name.endswith(".localhost"):
        return
    try:
        here = ipaddress.ip_address(name.split("%")[0]).is_loopback or name in ("0.0.0.0", "::")
    except ValueError:
        here = False
    if not here:
        raise OutsideError(f"A test tried to reach {name}; tests reach only this machine.")
