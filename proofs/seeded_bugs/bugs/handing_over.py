"""Bugs in who gets a patient, and in what the new therapist is told of. Rule: D-09b."""

from proofs.seeded_bugs.bug import Bug, Catcher

_COLLEAGUES = "tests/application/test_colleagues.py"
_STAFF = "tests/delivery/test_staff.py"

BUGS = (
    Bug(
        name="anybody-gets-a-patient",
        harm="one mistyped digit would put a patient into nobody's list",
        module="application.therapist.patients",
        old="            colleague_check(self._executor, self._actor)(whose)\n",
        new="",
        caught_by=Catcher(f"{_COLLEAGUES}::test_nobody_of_another_unit_gets_a_patient", "DID NOT RAISE"),
    ),
    Bug(
        name="an-outage-lets-everybody-through",
        harm="a slip during an outage would put a patient into nobody's list",
        module="application.colleagues",
        old="        except PainSchoolError:\n            return None\n",
        new="        except PainSchoolError:\n            return True\n",
        caught_by=Catcher(f"{_COLLEAGUES}::test_a_directory_that_does_not_answer_refuses_by_name", "DID NOT RAISE"),
    ),
    Bug(
        name="the-directory-is-asked-about-oneself",
        harm="an outage of the directory would stop every start",
        module="application.colleagues",
        old="        if therapist != actor.hsa_id:\n",
        new="        if therapist:\n",
        caught_by=Catcher(f"{_COLLEAGUES}::test_ones_own_sign_in_vouches_for_oneself", "directory"),
    ),
    Bug(
        name="another-unit-s-colleague-is-known",
        harm="a patient would be given to somebody who may not see them",
        module="adapters.memory.directory",
        old="        return HsaId(hsa_id) in self._staff.get(HsaId(unit), {})",
        new="        return any(HsaId(hsa_id) in members for members in self._staff.values())",
        caught_by=Catcher("tests/adapters/memory/test_memory.py::TestMemoryDirectory::test_it_says_who_works_where"),
    ),
    Bug(
        name="a-hand-over-raises-no-flag",
        harm="a therapist would find a new patient by chance",
        module="rules.lifecycle",
        old="therapist=therapist, flagged=therapist != signature),",
        new="therapist=therapist, flagged=False),",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 4"),
    ),
    Bug(
        name="the-flag-of-a-new-patient-stays",
        harm="a flag that was handled would wait for ever",
        module="domain.fold",
        old='        return {"handed_at": None, "handed_by": None}\n',
        new="        return {}\n",
        caught_by=Catcher(
            "tests/application/test_box.py::test_a_flag_is_settled_by_what_the_box_says[handed-over-mark-flag-handled]"
        ),
    ),
    Bug(
        name="the-list-does-not-know-the-new-patient",
        harm="a patient who was handed over would stand at the end of a long list",
        module="rules.flags",
        old="        handed_over=enrolment.handed_at is not None,\n",
        new="",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law (4|11)"),
    ),
    Bug(
        name="a-hand-over-drops-what-was-to-be-told",
        harm="neither the former therapist nor the new one would be told of a patient who is done",
        module="rules.notifications",
        old="    passed_on = {one.id: one for one in by_entry.values()}\n",
        new="    passed_on = dict[NotificationId, Notification]()\n",
        caught_by=Catcher(
            f"{_STAFF}::test_after_a_hand_over_the_new_therapist_is_notified_and_the_old_one_s_message_dropped", "sent"
        ),
    ),
    Bug(
        name="a-hand-over-passes-on-what-is-settled",
        harm="timelines would fill with notifications of what was dealt with",
        module="rules.notifications",
        old="in chosen and not is_settled(one.flag, one, enrolment, policy, now))",
        new="in chosen)",
        caught_by=Catcher(f"{_STAFF}::test_a_patient_who_goes_back_and_forth_is_told_of_once"),
    ),
    Bug(
        name="two-channels-are-passed-on-twice",
        harm="each hand-over would double what the new therapist is told",
        module="rules.notifications",
        old="    passed_on = {one.id: one for one in by_entry.values()}\n",
        new="    passed_on = {one.id: one for one in superseded}\n",
        caught_by=Catcher(f"{_STAFF}::test_a_patient_who_goes_back_and_forth_is_told_of_once"),
    ),
    Bug(
        name="nobody-is-told-whom-to-ask",
        harm="a second therapist would not know who has the patient",
        module="rules.lifecycle",
        old="program=terms.program.key, therapist=whom)",
        new="program=terms.program.key)",
        caught_by=Catcher(f"{_COLLEAGUES}::test_a_second_therapist_is_told_whom_to_ask"),
    ),
)
