"""The gateway's URLs: which path and method leads where, and what needs the token."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import NamedTuple

from backend.gateway.archive import KEPT_MESSAGES
from backend.gateway.exchange import Answer, Problem, Request, json_answer, read_natural
from backend.gateway.mails import Mail, MailStore
from backend.gateway.messages import MessageStore
from backend.gateway.page import STYLESHEET, render_page
from backend.gateway.provider import Provider
from backend.gateway.sms import send_message

# The page shows what strangers wrote: nothing but our own stylesheet may load.
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
# An e-mail is a stranger's page. It may look as it likes; it runs, loads, opens and submits nothing.
_MAIL_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "Referrer-Policy": "no-referrer",
}


class Route(NamedTuple):
    view: Callable[[Provider, Request], Answer]
    is_public: bool = False


def find_route(method: str, path: str) -> Route:
    """The route of a request; raises Problem 404 or 405."""
    methods = ROUTES.get(path)
    if methods is None:
        raise Problem(404, "not_found", "There is nothing here.")
    if method not in methods:
        allowed = {"Allow": ", ".join(methods)}
        raise Problem(405, "method_not_allowed", f"Not with {method}.", headers=allowed)
    return methods[method]


def list_messages(provider: Provider, request: Request) -> Answer:
    return _list(provider.messages, request)


def list_mails(provider: Provider, request: Request) -> Answer:
    return _list(provider.mails, request)


def _list(store: MessageStore | MailStore, request: Request) -> Answer:
    limit = read_natural(request.parameters.get("limit", str(KEPT_MESSAGES)))
    if limit is None or not 1 <= limit <= KEPT_MESSAGES:
        detail = f"limit must be a number from 1 to {KEPT_MESSAGES}."
        raise Problem(400, "invalid", detail, attribute="limit")
    try:
        messages = store.after(request.parameters.get("since"), limit=limit)
    except ValueError as error:
        raise Problem(400, "invalid", str(error), attribute="since") from None
    return json_answer(messages)


def clear_messages(provider: Provider, _request: Request) -> Answer:
    provider.traffic.clear()
    return json_answer({"cleared": provider.messages.clear()})


def clear_mails(provider: Provider, _request: Request) -> Answer:
    provider.mail_traffic.clear()
    return json_answer({"cleared": provider.mails.clear()})


def show_stats(provider: Provider, _request: Request) -> Answer:
    """The SMS' counts, and under `mail` the e-mails'."""
    return json_answer({**provider.traffic.stats(), "mail": provider.mail_traffic.stats()})


def show_faults(provider: Provider, _request: Request) -> Answer:
    return json_answer(asdict(provider.faults.current))


def change_faults(provider: Provider, request: Request) -> Answer:
    changes = request.json_object()
    faults = provider.faults.update(changes)
    request.notes["changes"] = changes
    return json_answer(asdict(faults))


def reset_faults(provider: Provider, _request: Request) -> Answer:
    return json_answer(asdict(provider.faults.reset()))


def show_page(provider: Provider, _request: Request) -> Answer:
    # Half of a character pair, which JSON may carry, has no UTF-8.
    page = render_page(provider).encode("utf-8", errors="replace")
    return Answer(body=page, content_type="text/html; charset=utf-8", headers=_PAGE_HEADERS)


def show_mail_html(provider: Provider, request: Request) -> Answer:
    body = _mail(provider, request).html.encode(errors="replace")
    return Answer(body=body, content_type="text/html; charset=utf-8", headers=_MAIL_HEADERS)


def show_mail_text(provider: Provider, request: Request) -> Answer:
    body = _mail(provider, request).text.encode(errors="replace")
    return Answer(body=body, content_type="text/plain; charset=utf-8", headers=_MAIL_HEADERS)


def _mail(provider: Provider, request: Request) -> Mail:
    mail = provider.mails.get(request.parameters.get("id", ""))
    if mail is None:
        raise Problem(404, "not_found", "There is no such e-mail, or it is not kept any more.", attribute="id")
    return mail


def show_stylesheet(_provider: Provider, _request: Request) -> Answer:
    return Answer(body=STYLESHEET, content_type="text/css; charset=utf-8")


def show_alive(_provider: Provider, _request: Request) -> Answer:
    return Answer(body=b"ok\n", content_type="text/plain; charset=utf-8")


ROUTES: Mapping[str, Mapping[str, Route]] = {
    "/": {"GET": Route(show_page, is_public=True)},
    "/gateway.css": {"GET": Route(show_stylesheet, is_public=True)},
    "/livez": {"GET": Route(show_alive, is_public=True)},
    "/stats": {"GET": Route(show_stats)},
    "/faults": {
        "GET": Route(show_faults),
        "PUT": Route(change_faults),
        "DELETE": Route(reset_faults),
    },
    "/sms/messages": {
        "POST": Route(send_message),
        "GET": Route(list_messages),
        "DELETE": Route(clear_messages),
    },
    "/mail/messages": {
        "GET": Route(list_mails),
        "DELETE": Route(clear_mails),
    },
    "/mail/message.html": {"GET": Route(show_mail_html, is_public=True)},
    "/mail/message.txt": {"GET": Route(show_mail_text, is_public=True)},
}
