"""Personal data and secrets in what leaves the process for people who only operate it: masked, whoever wrote them.

A net below those who write log lines with ids instead of names. It knows addresses, telephone numbers, tokens and the
passwords of URLs by their form; names of people it cannot know, so nobody logs them.
"""

import re
from typing import Any

_MASKS = (
    (r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+", "[e-mail]"),
    (r"(?<![\w+])\+\d[\d ()-]{5,16}\d(?!\w)", "[phone]"),
    (r"\beyJ[\w-]+\.[\w-]+\.[\w-]*", "[token]"),
    (r"(?i:\b(?:bearer|basic|token)[ :=]+)[\w.~+/=-]{8,}", "[credentials]"),
    (r"(?<=://)[^\s/@]*:[^\s/@]+(?=@)", "[credentials]"),
    (r"(?i:\b(?:password|passwd|secret|sessionid|csrftoken)\w*['\"]?\s*[:=]\s*)\S+", "[secret]"),
)
_ANY = re.compile("|".join(f"({pattern})" for pattern, _ in reversed(_MASKS)))
_WORDS = [word for _, word in reversed(_MASKS)]
_TELLING = ("bearer", "basic", "token", "passw", "secret", "sessionid", "csrf")

SECRET_KEYS = re.compile(r"(?i)passw|secret|token|authorization|cookie|session|csrf|e?mail|phone|full_name|username")


def masked(text: str) -> str:
    """The text with what is personal or secret in it replaced by words that say what was there."""
    if not _is_suspicious(text):
        return text
    return _ANY.sub(lambda match: _WORDS[(match.lastindex or 1) - 1], text)


def _is_suspicious(text: str) -> bool:
    """Cheap and coarse: most lines hold none of these, and there are many lines."""
    if "@" in text or "+" in text or "eyJ" in text:
        return True
    small = text.lower()
    for word in _TELLING:  # a loop: any() takes longer  # noqa: SIM110
        if word in small:
            return True
    return False


def scrubbed(value: Any) -> Any:
    """The same for whatever JSON is made of; what stands under a telling key goes as a whole."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {
            key: "[scrubbed]" if isinstance(key, str) and SECRET_KEYS.search(key) and item else scrubbed(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [scrubbed(item) for item in value]
    return value
