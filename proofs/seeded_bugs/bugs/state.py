"""Bugs in how events change a state."""

from proofs.seeded_bugs.bug import Bug, Catcher

BUGS = (
    Bug(
        name="a-saved-form-counts-as-read",
        harm="a form would never raise its flag",
        module="domain.fold",
        old="        read=before.read,\n        alert=event.number",
        new="        read=event.number,\n        alert=event.number",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 4"),
    ),
    Bug(
        name="what-was-read-still-waits",
        harm="a flag would be as old as what was read long ago",
        module="domain.waiting",
        old="    return waiting[min(newly_read, len(waiting) - 1) :] if unread else ()",
        new="    return waiting if unread else ()",
        caught_by=Catcher(
            "tests/rules/test_waiting.py::test_a_form_waits_since_its_oldest_unread_submission", "oldest_unread"
        ),
    ),
    Bug(
        name="the-flag-of-a-message-waits-since-the-last-one",
        harm="whoever asks again would be put off again",
        module="rules.flags",
        old="since=min(conversation.waiting),",
        new="since=max(conversation.waiting),",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 4"),
    ),
    Bug(
        name="maintenance-keeps-the-old-end",
        harm="the days that were promised would not come",
        module="domain.fold",
        old='"maintained": event.modules, "access_until": event.access_until}',
        new='"maintained": event.modules}',
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_maintenance_usual", "Law 6"),
    ),
    Bug(
        name="maintenance-adds-to-the-old-modules",
        harm="a module would be read that the therapist did not choose",
        module="domain.fold",
        old='"maintained": event.modules, ',
        new='"maintained": enrolment.maintained | event.modules, ',
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_maintenance_usual", "Law [346]"),
    ),
    Bug(
        name="the-end-is-noted-at-the-wrong-time",
        harm="the end of access would be noted again by each pass",
        module="domain.fold",
        old='    return {"noted_end": event.access_until}',
        new='    return {"noted_end": event.at}',
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_messages_usual", "Law 5"),
    ),
    Bug(
        name="one-flag-settles-the-other",
        harm="a notification that never came would be forgotten",
        module="domain.fold",
        old='    if event.flag is not FlagKind.UNDELIVERED:\n        return {"done_handled": True}\n',
        new="",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_messages_usual", "Law 4"),
    ),
    Bug(
        name="the-last-entry-stays-the-first",
        harm="a record would be purged years too early",
        module="domain.fold",
        old="max(enrolment.last_entry_at, event.at)",
        new="min(enrolment.last_entry_at, event.at)",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_records_usual", "Law 1"),
    ),
    Bug(
        name="what-staff-do-counts-as-seen",
        harm="the therapist would believe that a patient who is gone was here",
        module="domain.fold",
        old='    if event.by == "patient":',
        new="    if event.by:",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 1"),
    ),
    Bug(
        name="a-message-counts-for-the-other-side",
        harm="the patient's message would wait for the patient",
        module="domain.fold",
        old='        f"from_{event.author.value}": event.number,',
        new="        f\"from_{'patient' if event.number == 1 else event.author.value}\": event.number,",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 4"),
    ),
)
