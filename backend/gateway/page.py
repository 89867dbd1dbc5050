"""The page for people: what has arrived, how the provider behaves, and the counts."""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from backend.gateway.faults import Faults
from backend.gateway.provider import Provider

SHOWN_MESSAGES = 100

STYLESHEET = Path(__file__).with_name("page.css").read_bytes()
_PAGE = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))

_COUNTS = {
    "effective": "messages sent",
    "raw": "sends accepted",
    "in_flight": "in flight now",
    "max_in_flight": "in flight at most",
    "declined": "declined",
    "failed": "failed",
    "refused": "refused",
    "unanswered": "unanswered",
}


def render_page(provider: Provider) -> str:
    """The whole page as HTML; everything that came from outside is escaped."""
    stats, mail_stats = provider.traffic.stats(), provider.mail_traffic.stats()
    faults = provider.faults.current
    messages, mails = provider.messages.latest(SHOWN_MESSAGES), provider.mails.latest(SHOWN_MESSAGES)
    return _PAGE.substitute(
        mood=_mood(faults, provider.faults.normal),
        counts=_counts({"SMS": stats, "E-mails": mail_stats}),
        faults=_settings(faults, provider.faults.normal),
        shown=_shown(len(messages), stats["effective"]),
        messages=_list(_message, messages),
        mails_shown=_shown(len(mails), mail_stats["effective"]),
        mails=_list(_mail, mails),
    )


def _mood(faults: Faults, normal: Faults) -> str:
    if faults == normal:
        return '<p class="mood">Behaving normally</p>'
    return '<p class="mood bad">Misbehaving on request</p>'


def _counts(rows: dict[str, dict[str, int]]) -> str:
    head = "".join(f'<th scope="col">{label}</th>' for label in _COUNTS.values())
    lines = [f"<tr><td></td>{head}</tr>"]
    for title, stats in rows.items():
        cells = "".join(f"<td>{stats[name]:,}</td>" for name in _COUNTS)
        lines.append(f'<tr><th scope="row">{title}</th>{cells}</tr>')
    return "\n".join(lines)


def _settings(faults: Faults, normal: Faults) -> str:
    return "\n".join(
        _setting(
            field.name,
            getattr(faults, field.name),
            is_changed=getattr(faults, field.name) != getattr(normal, field.name),
        )
        for field in fields(Faults)
    )


def _setting(name: str, value: Any, *, is_changed: bool) -> str:
    css_class = ' class="changed"' if is_changed else ""
    return f"<div{css_class}><dt>{name}</dt><dd>{_value(value)}</dd></div>"


def _value(value: bool | float | tuple[str, ...] | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return escape(", ".join(value)) or "none"
    return "none" if value is None else f"{value:g}"


def _shown(shown: int, effective: int) -> str:
    return f"the latest {shown} of {effective:,}" if shown < effective else f"{effective:,}"


def _list(render: Callable[[dict[str, Any]], str], items: list[dict[str, Any]]) -> str:
    if not items:
        return '<li class="empty">Nothing has arrived yet.</li>'
    return "\n".join(map(render, items))


def _message(message: dict[str, Any]) -> str:
    sends = message["raw_sends"]
    return f"""<li>
{_whom(message["to"], message)}
<p class="text" dir="auto">{escape(message["text"])}</p>
<p class="facts"><code>{escape(message["key"])}</code> {_answer(message)}
{_badge(f"{sends} sends, went out once") if sends > 1 else ""}</p>
</li>"""


def _mail(mail: dict[str, Any]) -> str:
    links = " ".join(
        f'<a href="/mail/message.{kind}?id={mail["id"]}">{label}</a>'
        for kind, label, content in (("html", "HTML", mail["html"]), ("txt", "text", mail["text"]))
        if content
    )
    attached = "".join(f" <span>+ {escape(name)}</span>" for name in mail["attachments"])
    return f"""<li>
{_whom(", ".join(mail["to"]), mail)}
<p class="text" dir="auto">{escape(mail["subject"])}</p>
<p class="facts"><span>from {escape(mail["sender"])}</span> {_language(mail["language"])}{links}{attached}</p>
<p class="facts"><code>{escape(mail["message_id"])}</code> {_answer(mail)}
{_badge(f"arrived again: number {mail['arrival']}") if mail["arrival"] > 1 else ""}</p>
</li>"""


def _whom(to: str, message: dict[str, Any]) -> str:
    accepted_at = datetime.fromisoformat(message["accepted_at"])
    return f"""<div class="whom">
<strong>{escape(to)}</strong>
<time datetime="{accepted_at.isoformat()}">{accepted_at.astimezone():%d %b %H:%M:%S}</time>
</div>"""


def _language(code: str) -> str:
    return f'<span class="language">{escape(code)}</span> ' if code else ""


def _answer(message: dict[str, Any]) -> str:
    if message["answered_at"] is None:
        return _badge("no answer yet")
    answered_at = datetime.fromisoformat(message["answered_at"])
    seconds = (answered_at - datetime.fromisoformat(message["accepted_at"])).total_seconds()
    return f"<span>answered after {seconds:.1f} s</span>"


def _badge(text: str) -> str:
    return f'<span class="badge">{text}</span>'
