"""Bugs in the e-mail by SMTP, and in what counts as an e-mail address."""

from proofs.seeded_bugs.bug import Bug, Catcher

_FAULTS = "tests/adapters/smtp/test_faults.py"
_CONNECTIONS = "tests/adapters/smtp/test_connections.py"
_SECURITY = "tests/adapters/smtp/test_security.py"
_MAIL = "tests/adapters/smtp/test_mail.py"
_ANSWERS = "tests/adapters/smtp/test_answers.py"

BUGS = (
    Bug(
        name="a-line-break-in-an-address",
        harm="a slip in the directory would be a header of its own, and send to somebody else",
        module="domain.email_address",
        old="if not at or not text.isprintable() or not is_encodable(text) or not _LOCAL.fullmatch(local):",
        new="if not at or not is_encodable(text) or not _LOCAL.match(local):",
        caught_by=Catcher("tests/domain/test_email_address.py::test_what_is_no_address_is_refused_where_it_enters"),
    ),
    Bug(
        name="a-refused-sender-is-for-good",
        harm="one wrong setting would mark the notifications of a whole forenoon undeliverable",
        module="adapters.smtp.answers",
        old='Meaning(frozenset({Stage.MAIL}), r"5.*", False,',
        new='Meaning(frozenset({Stage.MAIL}), r"5.*", True,',
        caught_by=Catcher(f"{_ANSWERS}::test_what_is_said_of_us_or_of_now_is_not_permanent"),
    ),
    Bug(
        name="on-in-the-clear",
        harm="somebody who takes one line out of the conversation would read addresses and the password",
        module="adapters.smtp.connection",
        old='        raise DeliveryError("the mail server offers no STARTTLS, and nothing is sent in the clear")\n',
        new="        return\n",
        caught_by=Catcher(f"{_SECURITY}::test_a_server_without_starttls_gets_no_message"),
    ),
    Bug(
        name="sent-again-when-it-is-unknown",
        harm="a therapist would get a message twice whenever a kept connection breaks at its end",
        module="adapters.smtp.connection",
        old="    if stage is Stage.CONTENT:\n        return DeliveryError(",
        new="    if stage is Stage.CONTENT:\n        return Lost(",
        caught_by=Catcher(f"{_CONNECTIONS}::test_what_may_have_arrived_is_not_sent_again_at_once"),
    ),
    Bug(
        name="a-time-out-for-each-byte",
        harm="a server that sends a byte a second would hold a worker past its lease",
        module="adapters.smtp.connection",
        old="        self._sock.settimeout(self._connection.left)\n        size",
        new="        self._sock.settimeout(10)\n        size",
        caught_by=Catcher(f"{_FAULTS}::test_a_server_that_never_stops_talking_is_left_in_time[slow]"),
    ),
    Bug(
        name="a-child-speaks-for-its-parent",
        harm="two workers would write into one conversation with the mail server",
        module="adapters.smtp.messenger",
        old="            if connection.process != getpid():",
        new="            if connection.process == 0:",
        caught_by=Catcher(f"{_CONNECTIONS}::test_a_forked_process_leaves_the_connection_to_its_parent"),
    ),
    Bug(
        name="a-dot-ends-the-message",
        harm="a message would end at the first line that begins with a dot",
        module="adapters.smtp.mail",
        old='_DOT.sub(b"..", message.as_bytes())',
        new="message.as_bytes()",
        caught_by=Catcher(f"{_MAIL}::test_a_long_link_and_a_line_of_a_dot_arrive_as_they_are"),
    ),
    Bug(
        name="a-message-id-of-each-attempt",
        harm="a mailbox could not tell a second copy of a message",
        module="adapters.smtp.mail",
        old="sha256(key.encode())",
        new="sha256(f'{key}{at}{recipient.value}{language}{text}'.encode())",
        caught_by=Catcher(f"{_MAIL}::test_the_message_id_comes_from_the_key_alone"),
    ),
    Bug(
        name="the-password-stays-on-the-connection",
        harm="whoever prints a connection would read the password",
        module="adapters.smtp.connection",
        old='        connection.user = connection.password = ""\n',
        new="        pass\n",
        caught_by=Catcher(f"{_SECURITY}::test_a_kept_connection_holds_no_password"),
    ),
    Bug(
        name="a-kept-connection-and-a-new-one",
        harm="a therapist would get each message of a busy morning twice",
        module="adapters.smtp.messenger",
        old="if kept is None or isinstance(failure, Lost):",
        new="if kept is None or not isinstance(failure, Lost):",
        caught_by=Catcher(
            "tests/adapters/smtp/test_laws_over_smtp.py"
            "::test_whatever_a_mail_server_does_nobody_is_told_twice_without_reason_or_never",
            "Law 5: the server has not taken what was sent",
        ),
    ),
)
