"""Bugs in what maintenance may take away, in the way back, and in what a unit decides about both."""

from proofs.seeded_bugs.bug import Bug, Catcher

_MACHINE = "proofs/seeded_bugs/kit/lifecycle.py::TestInMemory"
_USUAL = Catcher(f"{_MACHINE}::test_maintenance_usual", "Law 6")
_RULES = "tests/rules/test_maintenance.py"

BUGS = (
    Bug(
        name="open-ended-access-ends-with-a-click",
        harm="one slip would turn access without an end into a day of reading",
        module="rules.lifecycle",
        old="    if at >= enrolment.access_until and is_open_ended(enrolment, terms.policy):\n",
        new="    if False and is_open_ended(enrolment, terms.policy):\n",
        caught_by=Catcher(
            "tests/rules/test_maintenance.py::test_where_no_year_end_closes_a_maintenance_after_it_is_confirmed_and_can_be_taken_back"
        ),
    ),
    Bug(
        name="an-answer-is-sent-whatever-came",
        harm="a therapist would answer a question that the patient has just taken back",
        module="application.messages",
        old="from_view(self._executor.storage, expected, rule)(enrolment, terms, now), {0: written}",
        new="from_view(self._executor.storage, None, rule)(enrolment, terms, now), {0: written}",
        caught_by=Catcher("tests/application/test_once.py::test_an_answer_says_which_page_it_was_written_on"),
    ),
    Bug(
        name="a-maintenance-takes-time-away-in-silence",
        harm="thirty days in the first month would end a year's access, and nobody would know",
        module="rules.lifecycle",
        old="    if until < enrolment.access_until:\n",
        new="    if until < at:\n",
        caught_by=Catcher(
            "tests/rules/test_maintenance.py::test_a_maintenance_that_takes_time_away_is_refused_with_both_days_unless_it_is_confirmed"
        ),
    ),
    Bug(
        name="a-maintenance-to-the-same-day-is-refused",
        harm="a therapist would be warned of a loss that is none",
        module="rules.lifecycle",
        old="    if until < enrolment.access_until:\n",
        new="    if until <= enrolment.access_until:\n",
        caught_by=Catcher(f"{_RULES}::test_a_renewal_may_not_shorten_either_and_a_confirmation_of_nothing_is_harmless"),
    ),
    Bug(
        name="a-confirmation-is-not-heard",
        harm="a therapist could not shorten a maintenance at all",
        module="rules.lifecycle",
        old="    if not shortens:\n        _require_no_loss(enrolment, until, terms, at)\n    return (Maintained(",
        new="    _require_no_loss(enrolment, until, terms, at)\n    return (Maintained(",
        caught_by=_USUAL,
    ),
    Bug(
        name="the-way-back-gives-a-second-year",
        harm="a patient would have access that nobody granted",
        module="rules.lifecycle",
        old="return (Reactivated(at=at, by=by.signature, access_until=until),)",
        new="return (Reactivated(at=at, by=by.signature, access_until=_year_end(at, terms)),)",
        caught_by=_USUAL,
    ),
    Bug(
        name="the-way-back-is-open-an-instant-too-long",
        harm="an enrolment would be active whose time is over",
        module="rules.lifecycle",
        old="    if now >= until and terms",
        new="    if now > until and terms",
        caught_by=Catcher(f"{_RULES}::test_after_the_first_year_and_after_the_end_there_is_no_way_back"),
    ),
    Bug(
        name="the-way-back-keeps-the-end-of-the-maintenance",
        harm="a patient would be active again, and shut out on the day of the slip",
        module="domain.fold",
        old='active | {"access_until": event.access_until, "reactivated_at"',
        new='active | {"reactivated_at"',
        caught_by=_USUAL,
    ),
    Bug(
        name="the-way-back-is-not-in-the-list",
        harm="the list would flag an end that is none any more",
        module="adapters.sql.saving",
        old="Maintained, Reactivated, AccessEnded, PatientSilent,",
        new="Maintained, AccessEnded, PatientSilent,",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage"
            "::test_an_enrolment_that_is_active_again_is_listed_as_it_is_now"
        ),
    ),
    Bug(
        name="the-way-back-is-not-offered",
        harm="a therapist would not find the button that undoes the slip",
        module="application.possible_actions",
        old="        Action.REACTIVATE: _can_be_active_again,\n",
        new="",
        caught_by=Catcher(f"{_MACHINE}::test_maintenance_usual", "Law 11"),
    ),
    Bug(
        name="every-unit-lets-patients-write-in-maintenance",
        harm="a message would wait at a unit where nobody looks for it",
        module="rules.access",
        old=" and enrolment.phase is Phase.MAINTENANCE and policy.write_in_maintenance:",
        new=" and enrolment.phase is Phase.MAINTENANCE:",
        caught_by=_USUAL,
    ),
    Bug(
        name="a-maintenance-goes-on-for-ever-where-the-year-does",
        harm="a patient would read for years what was promised for a month",
        module="rules.access",
        old="return enrolment.phase is Phase.ACTIVE and policy",
        new="return enrolment.phase is not Phase.ENDED and policy",
        caught_by=Catcher(f"{_MACHINE}::test_maintenance_own", "Law 6"),
    ),
    Bug(
        name="the-year-s-end-closes-at-every-unit",
        harm="a unit that decides at its meeting would shut its patients out until then",
        module="rules.access",
        old=" or is_open_ended(enrolment, policy)\n",
        new="\n",
        caught_by=Catcher(f"{_MACHINE}::test_maintenance_own", "Law 6"),
    ),
)
