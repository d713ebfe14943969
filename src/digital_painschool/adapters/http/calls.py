"""Calls of one server by POST, and its answers told apart.

No redirect is followed: a redirect could carry the credentials and the person elsewhere. No proxy, password file or
cookie of the surroundings is used. No error holds a header, a body or an address.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ssl import SSLCertVerificationError, SSLContext, SSLError

import httpcore2
import httpx2
from attrs import field, frozen

from digital_painschool.adapters.http.deadline import AnswerTooLarge, DeadlineTransport
from digital_painschool.domain.masking import Masked, masked_text
from digital_painschool.errors import DeliveryError

LONGEST_RETRY_AFTER = timedelta(days=1)
"""The longest wait that a server can ask for; a longer one counts as this."""

_NOT_SENT = (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout)
"""The errors before a byte of the call was sent."""
_LOST = (httpcore2.NetworkError, httpcore2.ProtocolError, httpx2.HTTPError, AnswerTooLarge)
"""The errors after which the server may have acted on the call."""
_BEFORE_A_PAGE = b"\xef\xbb\xbf \t\r\n"
_DIGITS = re.compile(r"[0-9]{1,9}")


def _masked(content: bytes | Masked[bytes]) -> Masked[bytes]:
    return Masked(content)


@frozen(init=False)
class Call:
    """A call to post, masked when shown: it names a person, and a signed call can be posted again.

    Args:
        content: The body.
        headers: The headers.
    """

    _content: Masked[bytes]
    _headers: Masked[Mapping[str, str]]

    def __init__(self, content: bytes, headers: Mapping[str, str]) -> None:
        self.__attrs_init__(Masked(content), Masked(headers))

    @property
    def content(self) -> bytes:
        """The body."""
        return self._content.reveal()

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""
        return self._headers.reveal()


@frozen
class Answer:
    """The answer of a server.

    Args:
        status: The HTTP status.
        body: The body, at most 64 KiB; masked when shown, since a server may repeat what it was sent.
        retry_after: The header of that name, which only a failure is asked for; masked too.
    """

    status: int
    _body: Masked[bytes] = field(default=Masked(b""), converter=_masked)
    _retry_after: Masked[str] = field(default="", converter=masked_text)

    @property
    def body(self) -> bytes:
        """The body."""
        return self._body.reveal()

    @property
    def is_web_page(self) -> bool:
        """Whether the body is a web page: a proxy has answered in the server's place."""
        return self.body.lstrip(_BEFORE_A_PAGE).startswith(b"<")

    @property
    def retry_after(self) -> timedelta | None:
        """The wait before another call that the server asks for; None where it asks for none."""
        return _retry_after(self._retry_after.reveal())


@frozen
class Verdict:
    """The meaning of a status that is a failure: what to do about it, and whether trying again cannot help."""

    reason: str
    permanent: bool = False


CONFIGURATION: Mapping[int, Verdict] = {
    400: Verdict("it does not accept the call (400); compare the settings with what it expects"),
    401: Verdict("it does not accept the credentials (401); correct the settings"),
    403: Verdict("it refuses these credentials (403); correct the settings or the rights"),
    404: Verdict("it has no such address (404); correct the URL"),
    429: Verdict("it asks for fewer calls (429)"),
}
"""The failures that an operator corrects, and the pace. None is permanent: such a mistake must flag nobody."""


class Server:
    """A server that an adapter calls.

    Args:
        name: What the server is called in an error.
        context: The TLS settings.
        seconds: The time of a whole call, whatever the server does.
        auth: User name and password for HTTP Basic, or None.
    """

    def __init__(self, name: str, context: SSLContext, seconds: float, *, auth: tuple[str, str] | None = None) -> None:
        self._name = name
        self._seconds = seconds
        self._client = httpx2.Client(
            transport=DeadlineTransport(context, seconds),
            auth=auth,
            follow_redirects=False,
            trust_env=False,
            headers={"user-agent": "digital-painschool", "accept": "application/json", "accept-encoding": "identity"},
        )

    def post(self, url: str, call: Call) -> Answer:
        """Send a call and return the whole answer.

        Raises:
            DeliveryError: No whole answer came; the error says whether the server may have acted on the call.
        """
        try:
            answer = self._client.post(url, content=call.content, headers=call.headers)
        except _NOT_SENT as error:
            problem = f"{self._name} cannot be reached{_tls_problem(error)}; nothing was sent"
        except httpcore2.TimeoutException:
            problem = f"{self._name} gave no whole answer within {self._seconds:g} seconds; {_UNKNOWN}"
        except _LOST:
            problem = f"the connection to {self._name} was lost before the whole answer came; {_UNKNOWN}"
        else:
            # A cookie of one call must not mark the next.
            self._client.cookies.clear()
            return Answer(answer.status_code, answer.content, answer.headers.get("retry-after", ""))
        # Raised outside the handler, so that no address and no body hangs on the error.
        raise DeliveryError(problem)

    def failure(self, answer: Answer, verdicts: Mapping[int, Verdict]) -> DeliveryError:
        """Return the error that an answer stands for. A web page is about no recipient, and is never permanent.

        Args:
            answer: An answer that is no success.
            verdicts: The meaning of the statuses that the adapter knows; any other counts by its class.
        """
        verdict = verdicts.get(answer.status) or _by_class(answer.status)
        if verdict.permanent and answer.is_web_page:
            verdict = Verdict(
                f"a web page came in the place of its answer ({answer.status}); correct the URL, or the proxy"
            )
        return DeliveryError(
            f"{self._name}: {verdict.reason}", permanent=verdict.permanent, retry_after=answer.retry_after
        )

    def close(self) -> None:
        """Close the connections; closing again does nothing."""
        self._client.close()


_UNKNOWN = "it may have acted on the call: whether the message went is unknown"


def _by_class(status: int) -> Verdict:
    if 300 <= status < 400:  # noqa: PLR2004 - the classes of HTTP
        return Verdict(f"it redirects elsewhere ({status}), which is not followed; correct the URL")
    if status >= 500:  # noqa: PLR2004 - the classes of HTTP
        return Verdict(f"it has failed ({status}); {_UNKNOWN}")
    return Verdict(f"it gave an answer that is not known here ({status}); compare the settings with what it expects")


def _tls_problem(error: BaseException) -> str:
    cause = error.__context__
    if isinstance(cause, SSLCertVerificationError):
        return f": its certificate is not accepted ({cause.verify_message})"
    return " by TLS" if isinstance(cause, SSLError) else ""


def _retry_after(text: str) -> timedelta | None:
    """Return the wait that a header asks for: seconds, or a date; None for anything else."""
    if _DIGITS.fullmatch(text):
        return min(timedelta(seconds=int(text)), LONGEST_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    wait = at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)
    return max(timedelta(0), min(wait, LONGEST_RETRY_AFTER))
