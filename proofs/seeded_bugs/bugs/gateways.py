"""Bugs in what calls a server: the webhook inbox, SMS by 46elks, and its delivery reports."""

from proofs.seeded_bugs.bug import Bug, Catcher


def _caught_by(file: str, test: str, says: str | None = None) -> Catcher:
    path = f"tests/adapters/{file}.py::{test}"
    return Catcher(path) if says is None else Catcher(path, says)


BUGS = (
    Bug(
        name="a-dripping-server-is-waited-for",
        harm="a worker would hang past its lease, and another one tell the patient again",
        module="adapters.http.deadline",
        old="return _Stream(self._sockets.connect_tcp(at[0], port, left, local_address, socket_options))",
        new="return self._sockets.connect_tcp(at[0], port, left, local_address, socket_options)",
        caught_by=_caught_by("http/test_calls", "test_no_whole_answer_is_no_answer_and_comes_in_time"),
    ),
    Bug(
        name="a-dead-address-takes-all-the-time",
        harm="no notification would leave while one of a server's addresses drops packets",
        module="adapters.tcp",
        old="left() / (len(found) - number)",
        new="left()",
        caught_by=_caught_by("smtp/test_faults", "test_the_addresses_of_a_server_share_the_time"),
    ),
    Bug(
        name="a-child-posts-on-its-parents-connection",
        harm="a worker would take the answer to another's message for its own",
        module="adapters.http.deadline",
        old="register_at_fork(after_in_child=_after_fork_in_child)",
        new="",
        caught_by=_caught_by("http/test_calls", "test_a_forked_process_leaves_the_connection_to_its_parent"),
    ),
    Bug(
        name="an-odd-header-fails-a-success",
        harm="an SMS that the gateway has taken would be sent a second time",
        module="adapters.http.calls",
        old="except (ValueError, OverflowError):",
        new="except ValueError:",
        caught_by=_caught_by("http/test_calls", "test_a_wish_to_wait_is_read_or_ignored"),
    ),
    Bug(
        name="a-word-gives-up-every-sms",
        harm="an account that is to be verified would put a flag at every patient's name",
        module="adapters.elks.messenger",
        old="\\bto[ _-]number\\b",
        new="\\bto\\b",
        caught_by=_caught_by("http/test_elks", "test_an_answer_says_what_to_do_and_flags_nobody_by_mistake"),
    ),
    Bug(
        name="a-redirect-is-followed",
        harm="the identity number would go wherever a hijacked answer leads",
        module="adapters.http.calls",
        old="follow_redirects=False",
        new="follow_redirects=True",
        caught_by=_caught_by("http/test_calls", "test_a_redirect_is_not_followed"),
    ),
    Bug(
        name="the-wish-to-wait-is-forgotten",
        harm="an inbox that is overrun would be asked again in five minutes, by every notice",
        module="adapters.http.calls",
        old="permanent=verdict.permanent, retry_after=answer.retry_after",
        new="permanent=verdict.permanent",
        caught_by=_caught_by(
            "http/test_webhook_inbox", "test_a_refusal_is_permanent_where_it_is_about_the_patient_alone"
        ),
    ),
    Bug(
        name="a-wrong-password-flags-every-patient",
        harm="an operator's mistake would give up all notices of a morning",
        module="adapters.http.calls",
        old='it does not accept the credentials (401); correct the settings")',
        new='it does not accept the credentials (401); correct the settings", permanent=True)',
        caught_by=_caught_by(
            "http/test_webhook_inbox", "test_a_refusal_is_permanent_where_it_is_about_the_patient_alone"
        ),
    ),
    Bug(
        name="half-an-answer-is-a-no",
        harm="an empty page of a proxy would flag every patient as unreachable",
        module="adapters.webhook_inbox.inbox",
        old='reachable, ways = known.get("reachable"), _texts',
        new='reachable, ways = bool(known.get("reachable")), _texts',
        caught_by=_caught_by("http/test_webhook_inbox", "test_an_answer_of_another_shape_is_none"),
    ),
    Bug(
        name="an-id-that-a-header-folds",
        harm="a platform that goes by the id would take one patient's notice for another's",
        module="adapters.webhook_inbox.events",
        old='return quote(key, safe="").replace(".", "%2E")',
        new='return key.encode("ascii", "replace").decode().strip()',
        caught_by=_caught_by("http/test_webhook_inbox", "test_an_id_in_a_header_stands_for_one_key"),
    ),
    Bug(
        name="one-secret-signs",
        harm="every notice would be refused while the secret is changed",
        module="adapters.webhook_inbox.events",
        old="for one in self._webhooks)",
        new="for one in self._webhooks[:1])",
        caught_by=_caught_by("http/test_webhook_inbox", "test_both_secrets_verify_while_they_are_rotated"),
    ),
    Bug(
        name="the-gateway-keeps-the-text",
        harm="what staff are told would lie with a company for years",
        module="adapters.elks.messenger",
        old=', "dontlog": "message"}',
        new="}",
        caught_by=_caught_by("http/test_elks", "test_a_message_asks_for_no_more_than_the_gateway_needs"),
    ),
    Bug(
        name="every-unit-has-the-texts-of-all",
        harm="staff of a unit would read another text than the one that the unit wrote",
        module="adapters.own_texts",
        old="sources = (self.units.get(HsaId(unit), Wordings()), self.common)",
        new="sources = (self.common,)",
        caught_by=_caught_by(
            "http/test_elks", "test_a_unit_has_texts_of_its_own_by_the_same_kind_of_file_as_for_e_mail"
        ),
    ),
    Bug(
        name="an-extended-character-is-one",
        harm="a text would cost double, or arrive in parts",
        module="adapters.elks.segments",
        old="1 + (character in _EXTENDED)",
        new="1",
        caught_by=_caught_by("http/test_elks", "test_segments_are_counted_as_an_independent_counter_does"),
    ),
    Bug(
        name="every-number-is-swedish-and-mobile",
        harm="a message to staff would go to a stranger",
        module="adapters.phone_numbers",
        old='re.compile(r"^0(?=7[0-9]{8}$)")',
        new='re.compile(r"^0")',
        caught_by=_caught_by("http/test_elks", "test_a_number_is_read_in_one_way_or_not_at_all"),
    ),
    Bug(
        name="a-report-of-anybody",
        harm="anybody could put a failure on a patient's timeline",
        module="adapters.elks.reports",
        old="return keys[0] if any(matches) else None",
        new="return keys[0] if matches else None",
        caught_by=_caught_by("http/test_elks_reports", "test_a_report_that_nobody_signed_is_refused"),
    ),
    Bug(
        name="an-early-report-is-thanked-for",
        harm="a therapist would believe that an SMS arrived which was refused",
        module="adapters.elks.reports",
        old='return Reply(503, "try again later")',
        new="return Reply(204)",
        caught_by=_caught_by("http/test_elks_reports", "test_a_report_that_cannot_be_stored_comes_again"),
    ),
    Bug(
        name="an-early-report-is-passed-over",
        harm="a report that is faster than the worker would be lost",
        module="adapters.memory.outbox",
        old="if any(row.record.status is Status.PENDING for row in rows):",
        new="if not rows and digest is not None:",
        caught_by=_caught_by(
            "memory/test_memory",
            "TestMemoryStorage::test_a_report_before_the_result_is_a_conflict",
            "Broken clause: Outbox.reject: in doubt",
        ),
    ),
    Bug(
        name="a-report-leaves-no-note",
        harm="no therapist would learn that a message did not arrive",
        module="adapters.sql.notifications",
        old='noted=literal_column("false", _n.noted.type),',
        new="noted=_n.noted,",
        caught_by=_caught_by(
            "sql/test_storage",
            "TestSqliteStorage::test_what_was_delivered_under_a_key_fails_and_nothing_else",
            "Broken clause: Outbox.reject: failed",
        ),
    ),
    Bug(
        name="the-sooner-of-two-waits",
        harm="a busy server would be asked again too early, again and again",
        module="rules.digests",
        old="again = now + max(wait, asked)",
        new="again = now + min(wait, asked)",
        caught_by=Catcher(
            "tests/rules/test_digests.py::test_a_server_that_asks_for_a_wait_gets_the_later_instant",
        ),
    ),
    Bug(
        name="a-known-key-counts-as-new",
        harm="the worker would believe that it had notified a patient twice, and the day of the first be forgotten",
        module="adapters.webhook_inbox.inbox",
        old="**dict.fromkeys((208, 409), Delivered.DUPLICATE),",
        new="**dict.fromkeys((208, 409), Delivered.ACCEPTED),",
        caught_by=Catcher(
            "tests/adapters/http/test_laws_over_http.py"
            "::test_whatever_a_platform_does_nobody_is_told_twice_or_never[loses answers]",
            "Law 5",
        ),
    ),
    Bug(
        name="a-message-that-was-taken-is-tried-again",
        harm="a therapist would get each SMS until the attempts are exhausted, and a flag that it failed",
        module="adapters.elks.messenger",
        old='ACCEPTED = frozenset({"created", "sent", "delivered"})',
        new='ACCEPTED = frozenset({"sent", "delivered"})',
        caught_by=Catcher(
            "tests/adapters/http/test_laws_over_elks.py"
            "::test_whatever_46elks_does_nobody_is_told_twice_without_reason_or_never",
            "Law 5: the server has not taken what was sent",
        ),
    ),
)
