"""One redactor a connection, which knows every live secret and removes it from any text."""

import base64
import json
import threading
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

_SHORTEST = 4
"""Shorter values would blank out ordinary words."""

MARK = "[secret]"


class Redactor:
    """Knows secrets as given and as they look in URLs, JSON and HTTP Basic headers."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: tuple[str, ...] = ()
        self._lock = threading.Lock()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Remove this secret, too, from now on; called for each token the moment it arrives."""
        if len(secret) < _SHORTEST or secret in self._forms:
            return
        with self._lock:
            forms = {*self._forms, *_forms_of(secret)}
            self._forms = tuple(sorted(forms, key=len, reverse=True))

    def redact(self, text: str) -> str:
        """Return the text with every known secret replaced."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MARK)
        return text


def _forms_of(secret: str) -> set[str]:
    encoded = secret.encode()
    return {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret)[1:-1].replace("/", "\\/"),
        base64.b64encode(encoded).decode().rstrip("="),
        base64.urlsafe_b64encode(encoded).decode().rstrip("="),
    }
