"""The id of the request that is being served: set at the edge, written into what the request changes."""

from contextvars import ContextVar

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="")


def request_id() -> str:
    """The running request's id, or "" outside of one."""
    return current_request_id.get()
