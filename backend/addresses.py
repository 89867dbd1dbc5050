"""Addresses of services, in the forms that different libraries want."""


def for_kombu(url: str) -> str:
    """Kombu's form of redis-py's address of a Unix socket; any other address as it is."""
    return url.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
