"""Options of adapters that call a server: its URL, and the time of a call."""

from urllib.parse import SplitResult, urlsplit

from attrs.validators import and_, ge, le

from digital_painschool.adapters.tcp import THIS_MACHINE
from digital_painschool.domain.checks import check, satisfies

LONGEST_CALL = 120.0
"""The longest time of a call, in seconds: two calls must end well within a worker's lease."""


def is_server_url(text: object) -> bool:
    """Return whether a text is the URL of a server: https, or http on this machine, without a user, query or fragment.

    HTTP libraries, proxies and servers log URLs, so that a URL can hold neither a secret nor a person.
    """
    try:
        parts = (
            urlsplit(text)
            if isinstance(text, str) and text.isascii() and text.isprintable()
            else SplitResult(*[""] * 5)
        )
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        return False
    encrypted = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in THIS_MACHINE)
    bare = not (parts.query or parts.fragment or "@" in parts.netloc or " " in str(text) or "\\" in str(text))
    return bool(encrypted and bare and parts.hostname and port_is_right)


SERVER_URL = check(
    (
        satisfies(is_server_url),
        "must be a URL with https (http only on this machine), without a user, a query or a fragment",
    )
)
SECONDS = check((and_(ge(0.1), le(LONGEST_CALL)), f"must be a number of seconds from 0.1 to {LONGEST_CALL:g}"))
