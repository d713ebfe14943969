"""The steps of P1 as users of three other libraries would write them: the same checks, the same facts.

Their states are changed in place. An entry is a dict, and is thrown away after each step.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from eventsourcing.domain import Aggregate, event
from statemachine import State, StateMachine
from statemachine.exceptions import TransitionNotAllowed
from transitions import Machine

from benchmarks.database import PROGRAM, SCORED_FORM, SHORT_FORM
from benchmarks.database import START as STARTED
from digital_painschool import Choice, Scale, Text
from digital_painschool.domain.validation import Answer

Answers = Mapping[str, Answer]
_FORMS = {form.key: form for form in PROGRAM.forms}
_CARRIERS = {form.key: PROGRAM.carriers(form.key) for form in PROGRAM.forms}
_MODULES = {module.number for module in PROGRAM.modules}


class Facts:
    """The facts of a treatment midway in the program, with the checks and the changes that all peers share."""

    def __init__(self) -> None:
        self.access_until = STARTED.replace(year=STARTED.year + 1)
        self.opened = {1, 2, 3}
        self.completed = {1, 2, 3}
        self.out_of_order: set[int] = set()
        self.saved = {SHORT_FORM: 1, SCORED_FORM: 1}
        self.alerts: dict[str, int] = {}
        self.waiting: dict[str, datetime] = {}
        self.reviewed_at: datetime | None = None
        self.last_entry_at = self.last_seen_at = STARTED
        self.version = 9
        self.entries: list[dict[str, object]] = []

    def lasts(self, at: datetime, *_: object) -> bool:
        """Return whether the patient has access at an instant."""
        return at < self.access_until

    def has_module(self, at: datetime, module: int) -> bool:  # noqa: ARG002 - one signature a step
        """Return whether there is such a module. The bundled program keeps none closed."""
        return module in _MODULES

    def carries_form(self, at: datetime, form: str, answers: Answers) -> bool:  # noqa: ARG002 - one signature a step
        """Return whether a module carries a form."""
        return bool(_CARRIERS.get(form))

    def fits(self, at: datetime, form: str, answers: Answers) -> bool:  # noqa: ARG002 - one signature a step
        """Return whether the answers fit the form."""
        return fits(form, answers)

    def note_review(self, at: datetime) -> None:
        """Note a review."""
        self.reviewed_at = at
        self._note("Reviewed", at, "nurse")

    def note_module(self, at: datetime, module: int) -> None:
        """Note that a module was opened, and whether it was out of order."""
        if module in self.opened:
            return
        before = PROGRAM.before(module)
        if out_of_order := not self.completed.issuperset(before):
            self.out_of_order.add(module)
        self.opened.add(module)
        self._note("ModuleOpened", at, "patient", module=module, out_of_order=out_of_order)

    def note_form(self, at: datetime, form: str, answers: Answers) -> None:
        """Note a submission with its score, and whether a threshold is reached."""
        definition = _FORMS[form]
        score = None
        if definition.scored:
            chosen = [q.by_key[str(answers[q.key])] for q in definition.questions if isinstance(q, Choice)]
            score = sum(option.score or 0 for option in chosen)
        alert = definition.alert_from is not None and score is not None and score >= definition.alert_from
        number = self.saved[form] = self.saved.get(form, 0) + 1
        if alert:
            self.alerts[form] = number
        self.waiting.setdefault(form, at)
        self._note("FormSaved", at, "patient", form=form, number=number, score=score, alert=alert)

    def _note(self, kind: str, at: datetime, by: str, **facts: object) -> None:
        self.version += 1
        self.last_entry_at = at
        if by == "patient":
            self.last_seen_at = at
        self.entries.append({"kind": kind, "at": at, "by": by, **facts})


def fits(form: str, answers: Answers) -> bool:
    """Return whether the answers are those of the form's questions, and each is one that its question allows."""
    if not answers.keys() <= _FORMS[form].keys:
        return False
    return all(_is_allowed(question, answers.get(question.key)) for question in _FORMS[form].questions)


def _is_allowed(question: object, answer: Answer | None) -> bool:
    if isinstance(question, Scale):
        return type(answer) is int and question.lowest <= answer <= question.highest
    if isinstance(question, Choice):
        return answer in question.by_key
    if isinstance(question, Text):
        return answer is None or (isinstance(answer, str) and len(answer) <= question.longest)
    return False


_CONDITIONS: Mapping[str, Any] = {
    "open_module": ["lasts", "has_module"],
    "save_form": ["lasts", "carries_form", "fits"],
}
_PHASES: Any = ["active", "maintenance", "ended"]


def by_transitions() -> tuple[Any, Facts]:
    """Return a model of `transitions`, with conditions and callbacks."""
    model = Facts()
    open_phases: Any = ["active", "maintenance"]
    machine = Machine(model, _PHASES, initial="active", auto_transitions=False)
    machine.add_transition("review", open_phases, "=", after="note_review")
    machine.add_transition("open_module", "active", "=", conditions=_CONDITIONS["open_module"], after="note_module")
    machine.add_transition("save_form", "active", "=", conditions=_CONDITIONS["save_form"], after="note_form")
    machine.add_transition("maintain", "active", "maintenance")
    machine.add_transition("end", open_phases, "ended")
    return model, model


class _Chart(StateMachine):  # type: ignore[misc] # the library has no types here
    """A chart of `python-statemachine`, whose conditions and callbacks are methods of its model."""

    active = State(initial=True)
    maintenance = State()
    ended = State(final=True)
    review = active.to.itself(internal=True, on="note_review") | maintenance.to.itself(internal=True, on="note_review")
    open_module = active.to.itself(internal=True, cond=_CONDITIONS["open_module"], on="note_module")
    save_form = active.to.itself(internal=True, cond=_CONDITIONS["save_form"], on="note_form")
    maintain = active.to(maintenance)
    end = active.to(ended) | maintenance.to(ended)


def by_statemachine() -> tuple[Any, Facts]:
    """Return a chart of `python-statemachine`."""
    model = Facts()
    return _Chart(model), model


class _Treatment(Aggregate):  # type: ignore[misc] # the library has no types here
    """An aggregate of `eventsourcing`: its commands check, and its events change."""

    def __init__(self) -> None:
        self.phase = "active"
        self.facts = Facts()

    def review(self, at: datetime) -> None:
        if self.phase in ("active", "maintenance"):
            self._reviewed(at)

    def open_module(self, at: datetime, module: int) -> None:
        if self.phase == "active" and self.facts.lasts(at) and self.facts.has_module(at, module):
            self._module_opened(at, module)

    def save_form(self, at: datetime, form: str, answers: Answers) -> None:
        facts = self.facts
        may = self.phase == "active" and facts.lasts(at) and facts.carries_form(at, form, answers)
        if may and facts.fits(at, form, answers):
            self._form_saved(at, form, answers)

    @event("Reviewed")  # type: ignore[untyped-decorator] # the library has no types here
    def _reviewed(self, at: datetime) -> None:
        self.facts.note_review(at)

    @event("ModuleOpened")  # type: ignore[untyped-decorator] # the library has no types here
    def _module_opened(self, at: datetime, module: int) -> None:
        self.facts.note_module(at, module)

    @event("FormSaved")  # type: ignore[untyped-decorator] # the library has no types here
    def _form_saved(self, at: datetime, form: str, answers: Answers) -> None:
        self.facts.note_form(at, form, answers)


def by_eventsourcing() -> tuple[Any, Facts]:
    """Return an aggregate of `eventsourcing`."""
    treatment = _Treatment()
    return treatment, treatment.facts


PEERS: Mapping[str, Callable[[], tuple[Any, Facts]]] = {
    "transitions": by_transitions,
    "python-statemachine": by_statemachine,
    "eventsourcing, aggregate": by_eventsourcing,
}
"""Each peer by name: what the steps are called on, and where its facts are."""
REFUSALS = (TransitionNotAllowed,)
"""What a peer raises when a condition does not hold; the others return."""
