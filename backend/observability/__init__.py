"""What an operator sees of the running system: request ids, logs, Sentry. (Figures are in backend.metrics.)"""

from backend.observability.request_ids import RequestIdMiddleware

__all__ = ["RequestIdMiddleware"]
