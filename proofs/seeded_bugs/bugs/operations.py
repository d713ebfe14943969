"""Bugs in how runs are stopped, how dead letters are resolved, and what operators see."""

from proofs.seeded_bugs.bug import Bug, Catcher

_RESOLVED = "tests/delivery/test_dead_letters.py::test_"
_STOPPED = "tests/delivery/test_stop.py::test_"
_SEEN = "tests/delivery/test_status.py::test_"
_MACHINE = "proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_messages_usual"

BUGS = (
    Bug(
        name="a-stopped-run-sends-on",
        harm="a restart would be killed in the middle of a notice, after ninety seconds",
        module="delivery.sending",
        old="is_over = self._stop.is_set() or ",
        new="is_over = ",
        caught_by=Catcher(
            f"{_STOPPED}a_stopped_run_ends_after_the_notice_at_hand_and_gives_the_others_back[Notify.DIRECT]"
        ),
    ),
    Bug(
        name="the-rest-of-a-claim-is-left-to-its-lease",
        harm="each restart would delay two hundred patients by a quarter of an hour",
        module="delivery.sending",
        old="                results.append(result_of(claim, self._executor.now())(lost=claim.lost))\n",
        new="                continue\n",
        caught_by=Catcher(
            f"{_STOPPED}a_stopped_run_ends_after_the_notice_at_hand_and_gives_the_others_back[Notify.DIRECT]"
        ),
    ),
    Bug(
        name="what-was-delivered-is-sent-again",
        harm="a second click of an operator would notify a patient twice",
        module="rules.dead_letters",
        old=" and record.status in GIVEN_UP:",
        new=":",
        caught_by=Catcher(f"{_RESOLVED}a_second_click_changes_nothing"),
    ),
    Bug(
        name="a-dead-letter-goes-with-its-old-attempts",
        harm="what an operator sends again would be given up at the first fault",
        module="adapters.memory.outbox",
        old="record=NotificationRecord(notification=notification), key=None)",
        new="record=NotificationRecord(notification=notification, attempts=row.record.attempts), key=None)",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_a_dead_letter_that_is_sent_again_is_as_new"
        ),
    ),
    Bug(
        name="what-is-given-up-twice-counts-as-two",
        harm="the therapist would look for a second notice that was never lost",
        module="domain.fold",
        old="    if event.notification in enrolment.undelivered:",
        new="    if False:",
        caught_by=Catcher(f"{_RESOLVED}what_fails_again_is_listed_again_and_is_one_flag"),
    ),
    Bug(
        name="therapists-resolve-dead-letters",
        harm="a therapist could silence a failure of which operators must know",
        module="rules.permissions",
        old="Action.RESOLVE_DEAD_LETTER: {_O: Scope.UNIT}",
        new="Action.RESOLVE_DEAD_LETTER: {_O: Scope.UNIT, _T: Scope.UNIT}",
        caught_by=Catcher("tests/laws/test_desk_permissions.py::test_what_concerns_dead_letters[drop-therapist]"),
    ),
    Bug(
        name="an-adapter-names-the-recipient-in-the-log",
        harm="a mail server's answer would put addresses into a log that many may read",
        module="delivery.dispatch",
        old="_naming_nobody(names_them)",
        new="_naming_nobody(lambda _: False)",
        caught_by=Catcher(f"{_SEEN}no_log_line_names_a_person_or_an_address[True]"),
    ),
    Bug(
        name="a-number-as-people-write-it-in-the-log",
        harm="a gateway's answer would put private telephone numbers into a log that many may read",
        module="delivery.failures",
        old='"".join(filter(str.isalnum, _plain(text)))',
        new="text",
        caught_by=Catcher(f"{_SEEN}no_spelling_of_a_number_comes_into_the_log"),
    ),
    Bug(
        name="a-broken-observer-ends-the-run",
        harm="no patient would be notified while a disk for figures is full",
        module="application.observing",
        old="    except Exception as error:",
        new="    except KeyError as error:",
        caught_by=Catcher(f"{_SEEN}observers_learn_what_became_of_notifications_and_stop_nothing"),
    ),
    Bug(
        name="what-was-reported-goes-under-its-old-key",
        harm="what a gateway has reported as failed would count as delivered when it is sent again, and reach nobody",
        module="adapters.memory.outbox",
        old="{id_: self._rows[id_].reports for id_ in ids}",
        new="{}",
        caught_by=Catcher(_MACHINE, "Law 5"),
    ),
    Bug(
        name="what-is-sent-again-is-never-due",
        harm="a patient would wait for ever for what an operator has sent again",
        module="adapters.memory.outbox",
        old="        self._bring_forward(digest, at)\n",
        new="",
        caught_by=Catcher(_MACHINE, "Law 5"),
    ),
    Bug(
        name="what-is-dropped-is-sent-again",
        harm="a patient would be notified of what an operator has said that nobody needs",
        module="adapters.memory.outbox",
        old="        if status is not Status.PENDING:\n",
        new="        if False:\n",
        caught_by=Catcher(_MACHINE, "Law 5"),
    ),
    Bug(
        name="dead-letters-of-the-ended-are-sent-again",
        harm="a patient who is done would be sent to messages that nobody can read",
        module="rules.dead_letters",
        old="    if not enrolment.is_open:\n        raise closed_refusal(enrolment)\n",
        new="",
        caught_by=Catcher(_MACHINE, "Law 5"),
    ),
    Bug(
        name="an-operator-s-key-is-not-kept",
        harm="a lost answer would be told to the operator as a refusal of what was done",
        module="application.operator",
        old="at=at, once=asked)",
        new="at=at)",
        caught_by=Catcher(_MACHINE, "Law (5|10)"),
    ),
    Bug(
        name="a-report-comes-to-nothing",
        harm="a therapist would never learn that an SMS did not arrive",
        module="adapters.memory.outbox",
        old="record=record, noted=False, reports=row.reports + 1)",
        new="record=record, reports=row.reports + 1)",
        caught_by=Catcher(_MACHINE, "Law 5"),
    ),
    Bug(
        name="an-early-report-is-lost",
        harm="a gateway that is faster than the worker would be told that all is well, and the SMS count as delivered",
        module="adapters.memory.outbox",
        old='            raise Conflict("the result of the send is not stored yet; report it again in a while")\n',
        new="            return 0\n",
        caught_by=Catcher(_MACHINE, "Law 5"),
    ),
    Bug(
        name="the-list-of-dead-letters-ends-with-its-first-page",
        harm="an operator would believe that all was repaired",
        module="application.operator",
        old="limit=size + 1)",
        new="limit=size)",
        caught_by=Catcher(_MACHINE, "Law 5"),
    ),
)
