"""An integration platform as the docs describe it: it verifies each call with the public package."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Request, Response

from digital_painschool.adapters.webhook_inbox.inbox import WebhookInbox
from digital_painschool.adapters.webhook_inbox.options import WebhookOptions
from digital_painschool.testing.contracts.arrivals import Arrival
from tests.adapters.http.served import Served

SECRET = "whsec_" + b64encode(b"the present secret of the tests!").decode()
OLD_SECRET = "whsec_" + b64encode(b"the secret before the present 1!").decode()
UNKNOWN = "197512319284"
"""Somebody with an ordinary number and no account."""


class IntegrationPlatform(Served):
    """The region's system between the library and the inbox: notices by id, people by number."""

    secret = SECRET

    def __init__(self, server: HTTPServer, path: str, ca: Path) -> None:
        super().__init__(server, path, ca)
        self._notices: dict[str, Any] = {}
        self.unknown = {UNKNOWN}

    def options(self, **other: Any) -> WebhookOptions:
        """Return options that lead here."""
        urls = {name: f"{self.url}{path}" for name, path in _PATHS.items()}
        return WebhookOptions(**{**urls, "secret": SECRET, "ca_file": self.ca, **other})

    def inbox(self, **other: Any) -> WebhookInbox:
        """Return an inbox that leads here."""
        return self.opened(WebhookInbox(self.options(**other)))

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events that were posted, in the order of arrival."""
        return [json.loads(call.get_data()) for call in self.calls]

    def arrivals(self) -> list[Arrival]:
        """Return what the patients read."""
        with self.lock:
            notices = list(self._notices.values())
        return [
            Arrival(recipient=n["person"]["value"], text=f"{n['text']} {n['link']}", unit=n["unit"]) for n in notices
        ]

    def answer(self, request: Request) -> Response:
        """Verify a call and do what it asks."""
        event = Webhook(self.secret).verify(request.get_data(), dict(request.headers))
        return _ANSWERS[request.path.rpartition("/")[2]](self, event["data"])

    def _has_account(self, person: Any) -> bool:
        return person["scheme"] in {"personnummer", "samordningsnummer"} and person["value"] not in self.unknown

    def _deliver(self, data: Any) -> Response:
        if not self._has_account(data["person"]):
            return Response("", 422)
        new = data["key"] not in self._notices
        self._notices.setdefault(data["key"], data)
        return Response("", 202 if new else 409)

    def _reach(self, data: Any) -> Response:
        reachable = self._has_account(data["person"])
        return _json({"reachable": reachable, "ways": ["sms"] if reachable else [], "more": "than is asked"})

    def _forget(self, data: Any) -> Response:
        return _json({"deleted": sum(self._notices.pop(key, None) is not None for key in data["keys"])})


_PATHS = {"url": "/notices", "reach_url": "/reach", "forget_url": "/forget"}
_ANSWERS = {
    "notices": IntegrationPlatform._deliver,
    "reach": IntegrationPlatform._reach,
    "forget": IntegrationPlatform._forget,
}


def _json(data: object) -> Response:
    return Response(json.dumps(data), 200, content_type="application/json")
