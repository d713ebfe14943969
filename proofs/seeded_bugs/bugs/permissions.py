"""Bugs in who may do what, and in what the access log is told."""



from proofs.seeded_bugs.bug import Bug, Catcher

BUGS = (
    Bug(
        name="a-colleague-reads-the-answers",
        harm="somebody without the patient would read the answers",
        module="rules.permissions",
        old="        Action.READ_ANSWERS: {_T: Scope.OWN},",
        new="        Action.READ_ANSWERS: {_T: Scope.UNIT},",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 9"),
    ),
    Bug(
        name="another-unit-is-let-in",
        harm="a stranger would read the record",
        module="rules.permissions",
        old="    if enrolment.unit != actor.unit:",
        new='    if enrolment.unit == "":',
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 9"),
    ),
    Bug(
        name="any-patient-is-let-in",
        harm="an id from somebody's browser would open somebody's record",
        module="rules.permissions",
        old="(enrolment is None or enrolment.person == by.person)",
        new="(enrolment is None or enrolment.person.scheme == by.person.scheme)",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 9"),
    ),
    Bug(
        name="an-administrator-ends",
        harm="a treatment would be ended by somebody who does not give it",
        module="rules.permissions",
        old="        Action.END: {_T: Scope.OWN},",
        new="        Action.END: {_T: Scope.OWN, _P: Scope.UNIT},",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 9"),
    ),
    Bug(
        name="a-data-administrator-sees-flags",
        harm="somebody who keeps records would see how a patient is",
        module="rules.permissions",
        old="        Action.SEE_FLAGS: {_T: Scope.OWN, _P: Scope.UNIT},",
        new="        Action.SEE_FLAGS: {_T: Scope.OWN, _P: Scope.UNIT, _D: Scope.UNIT},",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 9"),
    ),
    Bug(
        name="a-refusal-leaves-no-trace",
        harm="nobody would find out who tried",
        module="application.access_control",
        old="            self._log.log((entry,))\n            raise NotPermitted",
        new="            raise NotPermitted",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 9"),
    ),
    Bug(
        name="a-rule-s-refusal-leaves-no-trace",
        harm="a refusal would tell who is in treatment, and nobody would find out who asked",
        module="application.access_control",
        old="            self._log.log((entry,))\n        try:",
        new="        try:",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 9"),
    ),
    Bug(
        name="a-look-leaves-no-trace",
        harm="nobody could tell a patient who has read the record",
        module="application.executor",
        old="        self.storage.log((access_entry(action, by, self.now(), enrolment),))\n        return found",
        new="        return found",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 9"),
    ),
    Bug(
        name="a-search-shows-everybody",
        harm="whoever has a number would learn who is in treatment",
        module="application.person_lookup",
        old="if allowed(action, by, e))\n",
        new="if e)\n",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 9"),
    ),
    Bug(
        name="another-unit-s-plan",
        harm="a unit's records would be purged by another unit",
        module="rules.retention",
        old="    if unit != by.unit:",
        new="    if not unit:",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_records_usual", "Law 9"),
    ),
)
