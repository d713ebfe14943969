"""The answers of a mail server: what each means for one notification, as a table.

Permanent is only what the server says of this one recipient. A refusal of our sender, of our login or of the message
concerns every notification: it is the operator's to correct, and must not mark the notifications of all patients
undeliverable in one forenoon. Such a notification is tried again, and given up after the last retry. Rule: D-13d.

No server's text is repeated: a mail server likes to say the address.
"""

import re
from enum import Enum
from typing import NamedTuple

from digital_painschool.errors import DeliveryError


class Stage(Enum):
    """The stages of a message, by the command that is answered."""

    CONNECT = "connect"
    GREETING = "greeting"
    TLS = "STARTTLS"
    LOGIN = "login"
    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"
    CONTENT = "the message"


class LoginRefused(DeliveryError):
    """The server refuses the login, and would refuse the next one."""


class Meaning(NamedTuple):
    """The meaning of some answers.

    Args:
        stages: The stages of the answers; empty: all.
        codes: A pattern of the reply code (RFC 5321), then of the enhanced status code, if there is one (RFC 3463).
        permanent: True when another attempt cannot help.
        words: What it means, for the log.
        says: A pattern of the text, without regard to case; empty: any text.
    """

    stages: frozenset[Stage]
    codes: str
    permanent: bool
    words: str
    says: bytes = b""


_ALL: frozenset[Stage] = frozenset()
_MESSAGE = frozenset({Stage.RCPT, Stage.DATA, Stage.CONTENT})
_CHECK = "check the settings of the messenger"
_OF_US = rb"relay|sender|authenti|blocked|blacklist|blocklist|spam|policy|denied|rcpthosts"
"""Words of a refusal without an enhanced code that is not about the recipient; they can only make it less final."""

MEANINGS = (
    Meaning(_ALL, r"4\d\d.*", False, "the mail server asks to try again later"),
    Meaning(_ALL, r"5\d\d 5\.1\.[78]", False, f"the mail server refuses our sender; {_CHECK}"),
    Meaning(_ALL, r"53[0458].*|5\d\d 5\.7\.(8|9|1[1-4])", False, f"the mail server refuses our login; {_CHECK}"),
    Meaning(frozenset({Stage.LOGIN}), r"5.*", False, f"the mail server refuses our login; {_CHECK}"),
    Meaning(frozenset({Stage.MAIL}), r"5.*", False, f"the mail server refuses our sender; {_CHECK}"),
    Meaning(_MESSAGE, r"5\d\d 5\.1\.\d+", True, "the mail server knows no such address"),
    Meaning(_MESSAGE, r"5\d\d 5\.2\.1", True, "the mailbox takes no messages"),
    Meaning(_MESSAGE, r"5\d\d 5\.(2\.2|3|5|7)\.?.*", False, f"the mail server refuses the message; {_CHECK}"),
    Meaning(frozenset({Stage.RCPT}), r"55[0136]", False, f"the mail server refuses the message; {_CHECK}", _OF_US),
    Meaning(frozenset({Stage.RCPT}), r"55[0136].*", True, "the mail server knows no such address"),
    Meaning(_ALL, r"5.*", False, f"the mail server refuses the message; {_CHECK}"),
    Meaning(_ALL, r".*", False, "the mail server answered what SMTP does not know"),
)
"""The first that fits counts.

| answer | permanent |
| --- | --- |
| 4yz at any stage: greylisting, a full mailbox, 421 | no |
| 530, 534, 535, 538, and 5yz to the login: ours | no |
| 5yz to MAIL FROM, X.1.7 and X.1.8: our sender | no |
| X.1.z to RCPT TO or the message: no such address | yes |
| X.2.1: the mailbox is disabled | yes |
| 550, 551, 553, 556 to RCPT TO, without an enhanced code, that speak of relaying, a sender, spam or policy: ours | no |
| other 550, 551, 553, 556 to RCPT TO, without X.2.2, X.3.z, X.5.z, X.7.z | yes |
| X.7.z: relaying, spam, policy: ours | no |
| any other 5yz: 552 (full, too large), 554 (policy) | no |
"""

_ENHANCED = re.compile(rb"([245]\.\d{1,3}\.\d{1,3})(?=\s|$)")


def refusal(stage: Stage, code: int, text: bytes) -> DeliveryError:
    """Return the failure that an answer of the server stands for: its codes and their meaning, without its text.

    Args:
        stage: What was answered.
        code: The reply code; -1 for an answer without one.
        text: The text of the answer.
    """
    found = _ENHANCED.match(text)
    codes = f"{code:03} {found[1].decode('ascii')}" if found else f"{code:03}"
    meaning = next(
        one
        for one in MEANINGS
        if (not one.stages or stage in one.stages)
        and re.fullmatch(one.codes, codes)
        and re.search(one.says, text, re.IGNORECASE)
    )
    failure = LoginRefused if stage is Stage.LOGIN and codes.startswith("5") else DeliveryError
    return failure(f"{meaning.words} ({codes} to {stage.value})", permanent=meaning.permanent)
