"""The ports of a stack: the demo's are named by variables, a throw-away stack takes free ones."""

import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from backend.stack.errors import StackError

HOST = "127.0.0.1"
HIGHEST_PORT = 65535
DEFAULTS = {"DEMO_PORT": 8000, "DEMO_FLOWER_PORT": 5555, "DEMO_GATEWAY_PORT": 8025, "DEMO_MAIL_PORT": 8026}


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where the site, Flower, the gateway and its mail sink listen, on this machine only."""

    web: int
    flower: int
    gateway: int
    mail: int

    @classmethod
    def chosen(cls, environment: Mapping[str, str]) -> "Ports":
        """The demo's ports; StackError names the variable that does not hold one."""
        web, flower, gateway, mail = (_port(environment, name) for name in DEFAULTS)
        return cls(web=web, flower=flower, gateway=gateway, mail=mail)

    @classmethod
    def free(cls) -> "Ports":
        """Four ports that nobody listens on."""
        with ExitStack() as held:  # all at once, so that no port is given twice
            listeners = [held.enter_context(socket.create_server((HOST, 0))) for _ in DEFAULTS]
            web, flower, gateway, mail = (listener.getsockname()[1] for listener in listeners)
        return cls(web=web, flower=flower, gateway=gateway, mail=mail)

    def refuse_busy(self) -> None:
        """StackError names the first port that is in use or wanted twice, and the way out."""
        ports = (self.web, self.flower, self.gateway, self.mail)
        for name, port in zip(DEFAULTS, ports, strict=True):
            if _is_busy(port) or ports.count(port) > 1:
                raise StackError(f"port {port} is busy: set {name} to a free one, like {name}=18000")


def _port(environment: Mapping[str, str], name: str) -> int:
    text = environment.get(name) or str(DEFAULTS[name])
    if not (text.isdecimal() and 0 < int(text) <= HIGHEST_PORT):
        raise StackError(f"{name} is {text!r}: it should be a port, a number from 1 to {HIGHEST_PORT}")
    return int(text)


def _is_busy(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except PermissionError as error:
        raise StackError(f"port {port} is not ours to open: {error.strerror}") from None
    except OSError:
        return True
    return False
