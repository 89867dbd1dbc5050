"""The page for people: what has arrived, how the provider behaves, and the counts."""

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
    stats = provider.traffic.stats()
    faults = provider.faults.current
    messages = provider.messages.latest(SHOWN_MESSAGES)
    return _PAGE.substitute(
        mood=_mood(faults, provider.faults.normal),
        counts="\n".join(_count(stats[name], label) for name, label in _COUNTS.items()),
        faults=_settings(faults, provider.faults.normal),
        shown=_shown(len(messages), stats["effective"]),
        messages=_messages(messages),
    )


def _mood(faults: Faults, normal: Faults) -> str:
    if faults == normal:
        return '<p class="mood">Behaving normally</p>'
    return '<p class="mood bad">Misbehaving on request</p>'


def _count(number: int, label: str) -> str:
    return f"<div><dt>{label}</dt><dd>{number:,}</dd></div>"


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


def _messages(messages: list[dict[str, Any]]) -> str:
    if not messages:
        return '<li class="empty">Nothing has arrived yet.</li>'
    return "\n".join(map(_message, messages))


def _message(message: dict[str, Any]) -> str:
    accepted_at = datetime.fromisoformat(message["accepted_at"])
    return f"""<li>
<div class="whom">
<strong>{escape(message["to"])}</strong>
<time datetime="{accepted_at.isoformat()}">{accepted_at.astimezone():%d %b %H:%M:%S}</time>
</div>
<div>
<p class="text" dir="auto">{escape(message["text"])}</p>
<p class="facts"><code>{escape(message["key"])}</code> {_fate(message)}</p>
</div>
</li>"""


def _fate(message: dict[str, Any]) -> str:
    sends = message["raw_sends"]
    again = f' <span class="badge">{sends} sends, went out once</span>' if sends > 1 else ""
    if message["answered_at"] is None:
        return f'<span class="badge">no answer yet</span>{again}'
    answered_at = datetime.fromisoformat(message["answered_at"])
    seconds = (answered_at - datetime.fromisoformat(message["accepted_at"])).total_seconds()
    return f"<span>answered after {seconds:.1f} s</span>{again}"
