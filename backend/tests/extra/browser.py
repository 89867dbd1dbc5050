"""A browser's part, without the pages: a session that keeps cookies and answers forms, over nginx."""

import re
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the rehearsal's certificate is its own


class From(HTTPAdapter):
    """Connections come from this address."""

    def __init__(self, source: str) -> None:
        self.source = source
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more, source_address=(self.source, 0))


class Browser(requests.Session):
    """Speaks to the server at `base` as if its name were `host`. `source` is one of this machine's: 127.x.x.x."""

    def __init__(self, base: str, host: str, source: str = "127.0.0.1") -> None:
        super().__init__()
        self.base, self.verify = base, False
        self.trust_env = False
        self.headers["Host"] = host
        for scheme in ("http://", "https://"):
            self.mount(scheme, From(source))

    def request(self, method: str, path: str, *args: Any, **more: Any) -> requests.Response:  # type: ignore[override]
        more.setdefault("allow_redirects", False)
        more.setdefault("timeout", 20)
        url = path if path.startswith("http") else f"{self.base}{path}"
        response = super().request(method, url, *args, **more)
        for cookie in self.cookies:  # set for the name, sent to the address
            cookie.domain, cookie.secure = "", False
        return response

    def get(self, path: str, **more: Any) -> requests.Response:  # type: ignore[override]
        return self.request("GET", path, **more)

    def log_in(self, username: str, password: str, path: str = "/accounts/login/") -> requests.Response:
        page = self.get(path)
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[0]
        form = {"username": username, "password": password, "csrfmiddlewaretoken": token, "next": "/"}
        # Browsers say where a form comes from; Django asks for it over TLS.
        origin = f"{self.base.partition(':')[0]}://{self.headers['Host']!s}"
        return self.request("POST", path, data=form, headers={"Origin": origin, "Referer": f"{origin}{path}"})

    def token(self, username: str, password: str) -> dict[str, str]:
        """The header with which the API knows who asks."""
        answer = self.request("POST", "/api/v1/auth/token/", json={"username": username, "password": password})
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access']}"}
