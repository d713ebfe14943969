"""The events of the webhook inbox: CloudEvents 1.0 in JSON, signed by Standard Webhooks."""

import json
from base64 import b64decode
from binascii import Error
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import quote

from standardwebhooks import Webhook

from digital_painschool.adapters.http.calls import Call
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import ConfigurationError
from digital_painschool.ports.inbox import Notice

NOTICE = "se.digital-painschool.notice"
"""The type of the event that delivers a notice."""
REACH = "se.digital-painschool.reach"
"""The type of the event that asks whether a person can be reached."""
FORGET = "se.digital-painschool.forget"
"""The type of the event that asks for notices to be deleted."""

SYSTEMS: Mapping[str, str] = MappingProxyType(
    {
        "personnummer": "1.2.752.129.2.1.3.1",
        "samordningsnummer": "1.2.752.129.2.1.3.3",
        "nationellt-reservnummer": "1.2.752.74.9.1",
        "vgr-reservnummer": "1.2.752.113.11.0.2.1.1.1",
    }
)
"""The OID of each scheme of identity numbers; a scheme of another adapter has none."""

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64
"""The number of bytes of a secret, as Standard Webhooks asks."""


class Signer:
    """The signer of events. While secrets are rotated, an event has a signature by each.

    Args:
        secrets: The secrets in Standard Webhooks' form, `whsec_` and base64 of 24 to 64 bytes.

    Raises:
        ConfigurationError: No secret, or one of another form; the error shows none.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets or not all(map(_is_secret, secrets)):
            raise ConfigurationError(
                "inbox 'webhook': a secret is 'whsec_' and base64 of 24 to 64 random bytes, as Standard Webhooks asks"
            )
        self._webhooks = tuple(Webhook(secret) for secret in secrets)

    def event(self, type_: str, data: Mapping[str, object], *, id_: str, source: str, at: datetime) -> Call:
        """Return a signed event, ready to be posted: exactly the bytes of its content are signed.

        Args:
            type_: The type of the event.
            data: What the event is about.
            id_: The id: the same for every attempt at the same event.
            source: The CloudEvents source.
            at: The instant of the attempt, which the receiver's tolerance of five minutes counts from.
        """
        at = at.astimezone(UTC)
        event = {
            "specversion": "1.0",
            "id": id_,
            "source": source,
            "type": type_,
            "time": at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "data": data,
        }
        content = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        webhook_id = webhook_id_of(id_)
        headers = {
            "content-type": "application/cloudevents+json; charset=utf-8",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(one.sign(webhook_id, at, content) for one in self._webhooks),
        }
        return Call(content.encode(), headers)


def webhook_id_of(key: str) -> str:
    """Return the key as the value of the header `webhook-id`; `urllib.parse.unquote` returns the key again.

    A header loses blanks at its ends. A full stop separates the id from the timestamp in what is signed. So all but
    letters, digits, `-`, `_` and `~` are percent-encoded, and different keys stay different.
    """
    return quote(key, safe="").replace(".", "%2E")


def notice_data(notice: Notice) -> Mapping[str, object]:
    """Return the data of a notice: that there is something to read, where, for whom and from whom. Rule: D-13c."""
    return {
        "key": notice.key,
        "person": person_data(notice.person),
        "unit": str(notice.unit),
        "template": notice.template.value,
        "text": notice.text,
        "language": notice.language.value,
        "link": notice.link,
    }


def person_data(person: PersonId) -> Mapping[str, object]:
    """Return an identity number with its scheme, and the OID of the scheme where it has one."""
    system = SYSTEMS.get(person.scheme)
    return {"scheme": person.scheme, "value": person.value} | ({} if system is None else {"system": system})


def forget_data(keys: Iterable[str]) -> Mapping[str, object]:
    """Return the keys of the notices to delete."""
    return {"keys": list(keys)}


def _is_secret(text: str) -> bool:
    if not text.startswith(_PREFIX):
        return False
    try:
        secret = b64decode(text.removeprefix(_PREFIX), validate=True)
    except (Error, ValueError):
        return False
    return _SHORTEST <= len(secret) <= _LONGEST
