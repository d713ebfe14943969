"""Bugs in the turns of the channels within a run."""

from proofs.seeded_bugs.bug import Bug, Catcher

_TURNS = "tests/delivery/test_turns.py::test_"

BUGS = (
    Bug(
        name="a-silent-server-is-asked-again-and-again",
        harm="a mail server that hangs would keep all notices of patients from a forenoon",
        module="delivery.patience",
        old=" >= self._limit",
        new=" > 99 * self._limit",
        caught_by=Catcher(f"{_TURNS}a_mail_server_that_does_not_answer_is_left_alone_until_the_next_run"),
    ),
    Bug(
        name="a-refusal-is-taken-for-silence",
        harm="the refusals of some addresses would keep e-mails from everybody",
        module="delivery.patience",
        old="            if not failure.permanent:",
        new="            if failure:",
        caught_by=Catcher(f"{_TURNS}a_server_that_answers_each_time_is_not_left_alone"),
    ),
    Bug(
        name="a-turn-without-an-end",
        harm="patients would be told when the last member of staff has been",
        module="delivery.sending",
        old="turn_ends = self._executor.now() + self._turn",
        new="turn_ends = None",
        caught_by=Catcher(f"{_TURNS}a_slow_mail_server_has_its_turn_and_patients_have_theirs"),
    ),
    Bug(
        name="who-had-a-turn-has-the-next-too",
        harm="patients would be told when the last member of staff has been",
        module="delivery.sending",
        old="                cut |= self._send_claims(claims, at)",
        new="                self._send_claims(claims, at)",
        caught_by=Catcher(f"{_TURNS}a_slow_mail_server_has_its_turn_and_patients_have_theirs"),
    ),
    Bug(
        name="two-hundred-messages-at-hand",
        harm="a restart would send two hundred e-mails a second time",
        module="delivery.sending",
        old="[group] if channel is Channel.INBOX else [[one] for one in group]",
        new="[group]",
        caught_by=Catcher(f"{_TURNS}a_worker_that_dies_has_one_message_at_hand"),
    ),
    Bug(
        name="a-silent-inbox-is-asked-for-each-withdrawn-start",
        harm="forty wrong starts would keep a worker for a quarter of an hour at each run",
        module="delivery.withdrawn",
        old="            if patience.is_over(channel):\n                continue\n",
        new="",
        caught_by=Catcher(f"{_TURNS}an_inbox_that_does_not_answer_is_not_asked_for_each_withdrawn_start"),
    ),
)
