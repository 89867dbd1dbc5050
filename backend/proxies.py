"""Who asks. Our nginx says it in X-Forwarded-*, and overwrites what the client said; nobody else is believed."""

import ipaddress
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse

FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_REAL_IP",
    "HTTP_FORWARDED",
)


class TrustedProxies:
    """REMOTE_ADDR becomes the client's address where one of TRUSTED_PROXIES names it: the last hop, the one that the
    proxy has seen itself. From anybody else all such headers are dropped, the scheme's too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        if _is_trusted(meta.get("REMOTE_ADDR", "")):
            hop = meta.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
            if _is_address(hop):
                meta["REMOTE_ADDR"] = hop
        else:
            for name in FORWARDED:
                meta.pop(name, None)
        return self.get_response(request)


@lru_cache(1024)
def _is_trusted(peer: str) -> bool:
    if not _is_address(peer):
        return False
    address = ipaddress.ip_address(peer)
    return any(address in network for network in settings.TRUSTED_PROXIES)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
