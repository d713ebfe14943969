"""Bugs in the pace of a channel: in its slots, in the waits for them, and in what goes first. Rule: D-13e."""

from proofs.seeded_bugs.bug import Bug, Catcher

_TEST = "tests/delivery/test_pace.py::test"
_SQLITE = "tests/adapters/sql/test_storage.py::TestSqliteStorage"
_MEMORY = "tests/adapters/memory/test_memory.py::TestMemoryStorage"
_MACHINE = Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestAtAPace::test_messages_usual", "Law 5")


def _worker(test: str) -> Catcher:
    """Return a test of the worker at a pace."""
    return Catcher(f"{_TEST}_{test}")


BUGS = (
    Bug(
        name="a-burst-after-a-slow-call",
        harm="an inbox that is overloaded would get all that it was too slow for at once",
        module="rules.pace",
        old="slots[0] if previous is None else previous + pace.interval",
        new="slots[0]",
        caught_by=_worker("a_slow_inbox_gets_no_burst_afterwards"),
    ),
    Bug(
        name="slots-of-the-next-worker",
        harm="two workers would send at the same instant",
        module="rules.pace",
        old="return at if at <= slots[-1] else None",
        new="return at",
        caught_by=Catcher("tests/rules/test_pace.py::test_the_next_send_keeps_the_interval_within_the_slots"),
    ),
    Bug(
        name="no-pause-between-rounds",
        harm="the national inbox would shut the region out",
        module="domain.pace",
        old="return max(self.pause, self.interval) if self.is_full(in_round) else self.interval",
        new="return self.interval",
        caught_by=_worker("notices_go_at_the_pace_that_the_inbox_declares"),
    ),
    Bug(
        name="a-clock-that-silences-a-channel",
        harm="one server whose clock is a day ahead would silence all patients for a day",
        module="domain.pace",
        old="        latest = unknown_slot(pace, now)\n    if wanted",
        new="        pass\n    if wanted",
        caught_by=Catcher(f"{_MEMORY}::test_a_wrong_clock_neither_stops_a_channel_nor_hurries_it"),
    ),
    Bug(
        name="a-slow-inbox-holds-up-the-mail",
        harm="a therapist would hear of an alert when all patients have been told",
        module="delivery.pacing",
        old="        near = [turn for turn in self._turns.values() if turn.slots[0] <= now + self._span]\n",
        new="        near = [*self._turns.values()]\n",
        caught_by=_worker("an_e_mail_does_not_wait_for_the_pause_of_the_inbox"),
    ),
    Bug(
        name="hours-of-slots-at-a-time",
        harm="a direct message would wait behind hours of collected ones",
        module="delivery.pacing",
        old="self._span = turn_of(lease)",
        new="self._span = lease * 4",
        caught_by=_worker("what_becomes_due_meanwhile_goes_within_about_a_minute"),
    ),
    Bug(
        name="a-claim-beyond-its-slots",
        harm="a claim would hold what it cannot send before its lease ends",
        module="delivery.pacing",
        old="storage.claim(at, left, self._lease",
        new="storage.claim(at, self._batch, self._lease",
        caught_by=_worker("a_claim_holds_what_goes_in_half_a_lease"),
    ),
    Bug(
        name="a-stopped-run-keeps-its-claims",
        harm="patients would wait until a lease is over after each restart of the service",
        module="delivery.pacing",
        old="                self._release([one for _, queue in queues for one in queue])\n",
        new="",
        caught_by=_worker("a_run_that_is_stopped_finishes_the_one_at_hand_and_gives_the_others_back"),
    ),
    Bug(
        name="the-next-day-begins-with-the-new-ones",
        harm="the same patients would wait every day, as long as the channel is too slow",
        module="adapters.memory.outbox",
        old="row.digest.collected, row.oldest_due_at, row.next_at",
        new="row.digest.collected, row.next_at",
        caught_by=Catcher(f"{_MEMORY}::test_direct_ones_come_first_and_then_the_oldest"),
    ),
    Bug(
        name="rows-of-the-next-day-begin-with-the-new-ones",
        harm="the same patients would wait every day, as long as the channel is too slow",
        module="adapters.sql.digests",
        old='        "oldest_due_at": _of_pending(oldest),\n',
        new='        "oldest_due_at": _of_pending(wanted),\n',
        caught_by=Catcher(f"{_SQLITE}::test_direct_ones_come_first_and_then_the_oldest"),
    ),
    Bug(
        name="the-slot-is-kept-nowhere",
        harm="each worker would send at the whole pace",
        module="adapters.sql.paces",
        old='                    connection.execute(_SAVE, _values("of", channel, latest))\n',
        new="                    pass\n",
        caught_by=Catcher(f"{_SQLITE}::test_slots_follow_the_pace"),
    ),
    Bug(
        name="a-plan-for-each-unit-alone",
        harm="an operator would be promised a forenoon that all units together do not have",
        module="rules.pace",
        old="notices = sum(one.number for one in mine)",
        new="notices = max((one.number for one in mine), default=0)",
        caught_by=Catcher("tests/rules/test_pace.py::test_a_plan_holds_for_all_units_and_ends_with_the_first_forenoon"),
    ),
    Bug(
        name="a-run-that-ends-after-its-first-minute",
        harm="most patients of a region would wait for the next run, and the next",
        module="delivery.pacing",
        old="        return turns is not None\n",
        new="        return False\n",
        caught_by=_MACHINE,
    ),
    Bug(
        name="what-waited-longest-goes-last",
        harm="the same patients would wait every day, as long as the channel is too slow",
        module="adapters.memory.outbox",
        old="        free.sort(key=lambda row: (row.digest.collected, row.oldest_due_at,",
        new="        free.sort(key=lambda row: (row.digest.collected, -row.oldest_due_at.timestamp(),",
        caught_by=_MACHINE,
    ),
    Bug(
        name="every-other-slot-is-left-unused",
        harm="a forenoon would be too short for half of those whom it has slots for",
        module="domain.pace",
        old="first = max(now, latest.at + pace.gap(latest.in_round))",
        new="first = max(now, latest.at + 2 * pace.gap(latest.in_round))",
        caught_by=_MACHINE,
    ),
    Bug(
        name="what-has-a-slot-goes-at-any-hour",
        harm="patients would be notified in the afternoon, after a busy forenoon",
        module="delivery.sending",
        old="if digest.collected and (opens := earliest_send_at(now, policy)) > now:",
        new="if digest.collected and (opens := now) > now:",
        caught_by=_MACHINE,
    ),
    Bug(
        name="the-slots-of-what-was-dropped-are-lost",
        harm="a run would take its own slots for another worker's, and end with notices that wait",
        module="delivery.pacing",
        old="(queue := q or self._claimed_for(t, prepare))]:\n",
        new="(queue := q or (self._claimed_for(t, prepare) if t.previous is None else q))]:\n",
        caught_by=_worker("a_slot_that_a_dropped_notice_leaves_is_used"),
    ),
)
