"""A gateway that speaks as 46elks does."""

import json
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from digital_painschool.adapters.elks.messenger import ElksMessenger
from digital_painschool.adapters.elks.options import ElksOptions
from digital_painschool.testing.contracts.arrivals import Arrival
from tests.adapters.http.served import Served

USERNAME, PASSWORD = "u0123456789hemlig", "D41D8CD98F00B204"
REPORTS_SECRET = "a secret of reports, 32 characters"
BARRED = "+46700000099"
"""A number of the right form that the gateway refuses."""


class ElksServer(Served):
    """46elks, as far as its documentation goes: a message is refused, or created."""

    def __init__(self, server: HTTPServer, path: str, ca: Path) -> None:
        super().__init__(server, path, ca)
        self.sent: list[dict[str, str]] = []

    def options(self, **other: Any) -> ElksOptions:
        """Return options that lead here."""
        usual = {
            "username": USERNAME,
            "password": PASSWORD,
            "sender": "Smartskolan",
            "url": self.url,
            "ca_file": self.ca,
        }
        return ElksOptions(**{**usual, **other})

    def messenger(self, **other: Any) -> ElksMessenger:
        """Return a messenger that leads here."""
        return self.opened(ElksMessenger(self.options(**other)))

    def arrivals(self) -> list[Arrival]:
        """Return what the staff read."""
        with self.lock:
            return [Arrival(recipient=one["to"], text=one["message"]) for one in self.sent]

    def answer(self, request: Request) -> Response:
        """Take a message, or refuse it."""
        asked = request.authorization
        if asked is None or (asked.username, asked.password) != (USERNAME, PASSWORD):
            return Response("API access requires Basic HTTP authentication", 401)
        form = dict(request.form)
        if form["to"] == BARRED:
            return Response("Invalid to number", 400)
        if "dryrun" not in form:
            self.sent.append(form)
        taken = {"status": "created", "direction": "outgoing", "from": form["from"], "to": form["to"], "parts": 1}
        return Response(json.dumps(taken), 200, content_type="application/json")
