"""What the answers of a mail server mean for one notification. Rule: D-13d."""

import pytest

from digital_painschool.adapters.smtp.answers import LoginRefused, Stage, refusal

LOGIN, MAIL, RCPT, DATA, CONTENT = Stage.LOGIN, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT
NO_SUCH = [
    (RCPT, 550, "5.1.1 <a@b.se>: Recipient address rejected: User unknown in local recipient table"),
    (RCPT, 550, "No such user here"),
    (RCPT, 551, "User not local"),
    (RCPT, 553, "sorry, that domain isn't in my list"),
    (RCPT, 556, "5.1.10 Recipient address has null MX"),
    (RCPT, 550, "5.4.1 Recipient address rejected: Access denied"),
    (RCPT, 554, "5.1.2 Bad destination system address"),
    (RCPT, 501, "5.1.3 Bad recipient address syntax"),
    (RCPT, 550, "5.2.1 The mailbox is disabled"),
    (CONTENT, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound"),
]
OURS = [
    (MAIL, 550, "5.7.1 Sender refused"),
    (MAIL, 550, "no such sender"),
    (MAIL, 553, "5.1.8 Domain of sender address does not exist"),
    (RCPT, 550, "5.1.8 Sender address rejected: Domain not found"),
    (RCPT, 550, "5.1.7 <b@c.se>: Sender address rejected"),
    (MAIL, 530, "5.7.0 Must issue a STARTTLS command first"),
    (MAIL, 535, "5.7.8 Authentication credentials invalid"),
    (RCPT, 530, "5.7.1 Authentication required"),
    (LOGIN, 535, "5.7.8 Error: authentication failed"),
    (LOGIN, 534, "5.7.9 Please log in with your web browser"),
    (LOGIN, 550, "denied"),
    (RCPT, 554, "5.7.1 <a@b.se>: Relay access denied"),
    (RCPT, 550, "5.7.1 Unable to relay"),
    (RCPT, 550, "relay not permitted"),
    (RCPT, 550, "Sender verify failed"),
    (RCPT, 553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"),
    (RCPT, 550, "Blocked by SPAMHAUS"),
    (RCPT, 554, "Service unavailable; Client host blocked"),
    (RCPT, 503, "5.5.1 Error: need MAIL command"),
    (CONTENT, 554, "5.7.1 Spam message rejected"),
    (CONTENT, 550, "5.7.26 Unauthenticated email is not accepted due to DMARC"),
    (CONTENT, 552, "5.3.4 Message size exceeds fixed limit"),
    (DATA, 554, "Transaction failed"),
    (Stage.GREETING, 554, "No SMTP service here"),
]
LATER = [
    (RCPT, 450, "4.2.0 <a@b.se>: Recipient address rejected: Greylisted"),
    (RCPT, 451, "4.7.1 Please try again later"),
    (RCPT, 452, "4.2.2 Mailbox full"),
    (RCPT, 552, "5.2.2 Mailbox full"),
    (RCPT, 450, "5.1.1 a code that contradicts itself"),
    (CONTENT, 451, "4.3.0 Queue file write error"),
    (LOGIN, 454, "4.7.0 Temporary authentication failure"),
    (Stage.TLS, 454, "4.7.0 TLS not available due to local problem"),
    (MAIL, 421, "4.4.2 timeout exceeded"),
    (RCPT, -1, "what"),
    (RCPT, 354, "go on"),
    (RCPT, 999, ""),
]


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize(("stage", "code", "text"), NO_SUCH)
def test_what_is_said_of_the_one_address_is_permanent(stage: Stage, code: int, text: str) -> None:
    """Otherwise a therapist would learn half a day late that nobody was told."""
    assert refusal(stage, code, text.encode()).permanent


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize(("stage", "code", "text"), [*OURS, *LATER])
def test_what_is_said_of_us_or_of_now_is_not_permanent(stage: Stage, code: int, text: str) -> None:
    """Otherwise an operator's mistake, or greylisting, would give up the notifications of a whole forenoon."""
    assert not refusal(stage, code, text.encode()).permanent


@pytest.mark.parametrize(("stage", "code", "text"), [*NO_SUCH, *OURS, *LATER])
def test_a_failure_has_the_codes_and_none_of_the_servers_words(stage: Stage, code: int, text: str) -> None:
    """Otherwise the log would hold the addresses that mail servers like to repeat."""
    said = str(refusal(stage, code, text.encode()))
    assert f"{code:03}" in said
    assert "@" not in said
    assert not [word for word in text.split() if len(word) > 8 and word in said]


@pytest.mark.parametrize(("stage", "code", "text"), [one for one in OURS if one[0] is not RCPT])
def test_what_is_ours_to_correct_says_so(stage: Stage, code: int, text: str) -> None:
    """Otherwise an operator would look for the fault at the mail server."""
    assert "check the settings of the messenger" in str(refusal(stage, code, text.encode()))


def test_only_a_refused_login_stops_the_next_login() -> None:
    """Otherwise an account would be locked by a wrong password, or a server that is busy not be asked again."""
    assert isinstance(refusal(LOGIN, 535, b""), LoginRefused)
    assert not isinstance(refusal(LOGIN, 454, b""), LoginRefused)
    assert not isinstance(refusal(MAIL, 535, b""), LoginRefused)
