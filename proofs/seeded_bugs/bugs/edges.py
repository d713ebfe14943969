"""Bugs at the desks' edges: log lines, pages, races, a unit's own policy, what leaves, the figures of an export."""

from proofs.seeded_bugs.bug import Bug, Catcher


def _by(file: str, test: str) -> Catcher:
    """Return a test that must notice a bug, and say so by its name."""
    return Catcher(f"tests/{file}.py::test_{test}")


BUGS = (
    Bug(
        name="a-refused-search-names-nobody",
        harm="an attempt on a person would not be in that person's log",
        module="application.person_lookup",
        old="self._access.permit(action, by, person=person)",
        new="self._access.permit(action, by)",
        caught_by=_by("application/test_access_log", "each_refusal_leaves_one_line_that_says_so[archivist.find]"),
    ),
    Bug(
        name="a-purge-logs-what-it-skipped",
        harm="the log would say deleted of a record that is still there",
        module="application.purge",
        old="{id_: states[id_].person for id_ in ids if id_ in states}",
        new="{id_: state.person for id_, state in states.items()}",
        caught_by=_by(
            "application/test_access_log", "a_purge_and_its_replay_are_logged_for_what_is_deleted_and_for_nothing_else"
        ),
    ),
    Bug(
        name="a-look-at-the-timeline-is-logged-as-writing",
        harm="the law's log would say that a record was changed",
        module="application.access_control",
        old="        Action.SEE_TIMELINE,\n",
        new="",
        caught_by=_by("application/test_access_log", "each_call_leaves_its_lines_and_no_other[desk.timeline]"),
    ),
    Bug(
        name="the-worker-s-refusals-are-logged",
        harm="a patient's log would fill with refusals of a worker that saw nothing",
        module="application.access_control",
        old="        if not isinstance(by, SystemActor):\n",
        new="        if True:\n",
        caught_by=_by("application/test_races", "a_worker_that_comes_too_late_leaves_no_line"),
    ),
    Bug(
        name="a-later-page-is-logged-at-the-first-instant",
        harm="the log would have a time that the caller chose",
        module="application.caseload",
        old="access_entries(action, actor, executor.now(), shown_to)",
        new="access_entries(action, actor, now, shown_to)",
        caught_by=_by("application/test_caseload", "a_walk_shows_everybody_once_as_at_its_first_instant"),
    ),
    Bug(
        name="the-cursor-is-the-last-readable-row",
        harm="a damaged row at the end of a page would break the walk, or come again",
        module="application.caseload_walk",
        old="        last, repeated = page[-1]\n",
        new="        last, repeated = [one for one in page if isinstance(one[0], CaseRow)][-1]\n",
        caught_by=_by("application/test_caseload", "a_walk_shows_everybody_once_as_at_its_first_instant"),
    ),
    Bug(
        name="a-later-page-shows-what-has-moved",
        harm="a patient would be shown twice, and nobody would notice",
        module="application.caseload_walk",
        old="self._list(evolve(query, changed_before=began))",
        new="self._list(query)",
        caught_by=_by("application/test_case_selections", "nobody_is_missed_and_nobody_shown_twice_unnoticed"),
    ),
    Bug(
        name="a-walk-ends-without-what-has-changed",
        harm="an alarm that comes while a list is looked through would wait until the next morning",
        module="application.caseload_walk",
        old="[*shown, *((row, True) for row in self._list(changed))]",
        new="shown",
        caught_by=_by("application/test_case_selections", "nobody_is_missed_and_nobody_shown_twice_unnoticed"),
    ),
    Bug(
        name="a-cursor-is-good-for-any-list",
        harm="a page would go on in another list, where its place means something else",
        module="application.caseload_walk",
        old="if found[0] != _mark(of):",
        new="if not found[0]:",
        caught_by=_by("application/test_case_selections", "a_cursor_fits_a_url_and_is_good_for_its_list_alone"),
    ),
    Bug(
        name="after-a-conflict-nobody-asks-who-may",
        harm="a therapist would end the treatment of a patient who was just handed over",
        module="application.executor",
        old="            self.access.permit(action, by, before)\n",
        new="            if attempt == 0:\n                self.access.permit(action, by, before)\n",
        caught_by=_by("application/test_races", "who_has_lost_the_patient_changes_nothing_more[end]"),
    ),
    Bug(
        name="the-end-drops-what-waited-before",
        harm="an end that meets a message would never succeed",
        module="application.therapist.handling",
        old="        cancellable = partial(find_cancellable, self._executor.storage)\n",
        new="        once = find_cancellable(self._executor.storage, enrolment_id)\n"
        "        cancellable = lambda _: once\n",
        caught_by=_by("application/test_races", "an_end_takes_along_whatever_waits_by_then"),
    ),
    Bug(
        name="hantera-offers-what-is-over",
        harm="a screen would offer to end a treatment that has ended",
        module="application.possible_actions",
        old="        if allowed(action, by, enrolment) and is_possible(enrolment, terms, now)\n",
        new="        if allowed(action, by, enrolment)\n",
        caught_by=_by("application/test_patient_page", "what_may_be_done_is_what_is_done_when_it_is_tried[end-_ended]"),
    ),
    Bug(
        name="hantera-counts-what-was-read",
        harm="the counts of the page would not be those of its box",
        module="application.patient_page",
        old="            unread=count.unread if open_ else 0,",
        new="            unread=count.saved if open_ else 0,",
        caught_by=_by("application/test_patient_page", "hantera_shows_what_waits_and_not_what_was_read"),
    ),
    Bug(
        name="notifications-by-the-common-policy",
        harm="a unit's own time of the run, and its own flags, would not count",
        module="application.executor",
        old="        policy = self.policy(after.unit)\n        profile",
        new="        policy = self.catalogue.policy\n        profile",
        caught_by=_by("application/test_unit_policy", "a_unit_s_own_policy_holds_wherever_it_decides"),
    ),
    Bug(
        name="a-recheck-by-the-common-policy",
        harm="records would be purged, or kept, by another unit's period",
        module="application.purge",
        old="        policy = self._executor.policy(self._actor.unit)\n        now",
        new="        policy = self._executor.catalogue.policy\n        now",
        caught_by=_by("application/test_unit_policy", "a_unit_s_own_policy_holds_wherever_it_decides"),
    ),
    Bug(
        name="a-notice-goes-under-the-digest-s-id",
        harm="the second day's notice would be taken for a repeat, and never arrive",
        module="delivery.dispatch",
        old="Notice(key=key,",
        new="Notice(key=digest.id,",
        caught_by=_by("delivery/test_what_leaves", "what_leaves_has_the_text_the_link_and_the_key_of_its_side"),
    ),
    Bug(
        name="the-last-messenger-of-a-channel-is-used",
        harm="the order of the settings would not count",
        module="delivery.dispatch",
        old="for messenger in ports.messengers:",
        new="for messenger in reversed(ports.messengers):",
        caught_by=_by("delivery/test_what_leaves", "what_leaves_has_the_text_the_link_and_the_key_of_its_side"),
    ),
    Bug(
        name="no-flags-means-all-flags",
        harm="who unticks every flag would be notified of all",
        module="application.own_profile",
        old="before.on_offer if flags is None else",
        new="before.on_offer if not flags else",
        caught_by=_by("rules/test_notifications", "what_can_be_ticked_is_kept_and_the_rest_is_refused_in_words"),
    ),
    Bug(
        name="an-answer-of-nought-is-left-out",
        harm="no pain at all would be missing from the statistics",
        module="application.export",
        old="for question, answer in answers.items():\n            yield",
        new="for question, answer in ((q, a) for q, a in answers.items() if a):\n            yield",
        caught_by=_by("application/test_export", "the_figures_of_an_export_are_those_of_the_timelines"),
    ),
    Bug(
        name="the-lowest-module-needs-no-release",
        harm="where the order does not rise, a patient would begin in the middle",
        module="rules.access",
        old="program.reading_order[1:]",
        new="sorted(program.reading_order)[1:]",
        caught_by=_by("rules/test_ordering", "the_order_is_the_program_s_and_the_rest_comes_after_it"),
    ),
    Bug(
        name="headings-after-the-end",
        harm="a patient would read the headings of conversations that are closed",
        module="application.messages",
        old="            require_readable(self._by, enrolment, now)\n            return enrolment\n",
        new="            return enrolment\n",
        caught_by=_by("rules/test_conversations", "when_access_is_over_nobody_writes_what_nobody_can_read"),
    ),
)
