"""The permission table a second time: who may do what, for every method of every desk."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from digital_painschool.domain.people import Actor, HsaId, Role
from digital_painschool.domain.policy import FlagKind
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import (
    ANNA,
    ARCHIVIST,
    CILLA,
    COLLEAGUE,
    COORDINATOR,
    NURSE,
    OPERATOR,
    OTHER_ARCHIVIST,
    OTHER_UNIT,
    STRANGER,
    UNIT,
    staff,
)

OWN, STARTED, UNIT_WIDE, NEVER = "own patients", "what they started", "the whole unit", "never"
_T, _P, _D = Role.THERAPIST, Role.PATIENT_ADMINISTRATOR, Role.DATA_ADMINISTRATOR

PEOPLE: Mapping[str, Actor] = MappingProxyType(
    {
        "the nurse": NURSE,
        "the colleague": COLLEAGUE,
        "the coordinator": COORDINATOR,
        "the archivist": ARCHIVIST,
        "the other unit's therapist": STRANGER,
        "the other unit's archivist": OTHER_ARCHIVIST,
        "the other unit's coordinator": staff(8, _P, unit=OTHER_UNIT),
        "a member of staff without a role": staff(9, unit=UNIT),
        "the nurse without a role": Actor(hsa_id=NURSE.hsa_id, unit=UNIT, roles=()),
        "the nurse with every role elsewhere": Actor(hsa_id=NURSE.hsa_id, unit=OTHER_UNIT, roles=[*Role]),
        "the operator": OPERATOR,
        "the nurse as an administrator alone": Actor(hsa_id=NURSE.hsa_id, unit=UNIT, roles=[_P, _D]),
    }
)
"""The members of staff who try everything."""


class Method(NamedTuple):
    """A method of the therapist's desk that concerns one enrolment.

    Args:
        call: Calls it, at a desk, with an enrolment's id.
        scopes: The scope for a therapist, a patient administrator, and a data administrator.
        reads: True when it changes nothing, whoever calls it.
    """

    call: Callable[[Any, str], object]
    scopes: tuple[str, str, str]
    reads: bool = False


_SHARED, _OWN = (OWN, UNIT_WIDE, NEVER), (OWN, NEVER, NEVER)
DESK: Mapping[str, Method] = MappingProxyType(
    {
        "enrolment": Method(lambda d, e: d.enrolment(e), _SHARED, reads=True),
        "patient_page": Method(lambda d, e: d.patient_page(e), _SHARED, reads=True),
        "program": Method(lambda d, e: d.program(e), _SHARED, reads=True),
        "module": Method(lambda d, e: d.module(e, 1), _SHARED, reads=True),
        "end_reasons": Method(lambda d, e: d.end_reasons(e), _SHARED, reads=True),
        "next_module": Method(lambda d, e: d.next_module(e), _SHARED, reads=True),
        "to_handle": Method(lambda d, e: d.to_handle(e), _SHARED, reads=True),
        "answers": Method(lambda d, e: d.answers(e, PAIN), _OWN, reads=True),
        "form_answers": Method(lambda d, e: d.form_answers(e, PAIN), _OWN, reads=True),
        "conversations": Method(lambda d, e: d.conversations(e), _OWN, reads=True),
        "timeline": Method(lambda d, e: d.timeline(e), _OWN, reads=True),
        "notifications": Method(lambda d, e: d.notifications(e), _OWN, reads=True),
        "pages.timeline": Method(lambda d, e: d.pages.timeline(e), _OWN, reads=True),
        "pages.conversations": Method(lambda d, e: d.pages.conversations(e), _OWN, reads=True),
        "pages.notifications": Method(lambda d, e: d.pages.notifications(e), _OWN, reads=True),
        "open_form": Method(lambda d, e: d.open_form(e, PAIN), _OWN),
        "mark_read": Method(lambda d, e: d.mark_read(e, PAIN), _OWN),
        "mark_handled": Method(lambda d, e: d.mark_handled(e, FlagKind.PROGRAM_DONE), _OWN),
        "read_conversation": Method(lambda d, e: d.read_conversation(e, 1), _OWN),
        "pages.messages": Method(lambda d, e: d.pages.messages(e, 1), _OWN),
        "start_conversation": Method(lambda d, e: d.start_conversation(e, "Hej"), _OWN),
        "write": Method(lambda d, e: d.write(e, 1, "Hej"), _OWN),
        "rename_conversation": Method(lambda d, e: d.rename_conversation(e, 1, "Ny"), _OWN),
        "review": Method(lambda d, e: d.review(e), _OWN),
        "hand_over": Method(lambda d, e: d.hand_over(e, COORDINATOR.hsa_id), (NEVER, UNIT_WIDE, NEVER)),
        "release_module": Method(lambda d, e: d.release_module(e, 2), _OWN),
        "maintain": Method(lambda d, e: d.maintain(e, days=30, modules=(1,), shortens=True), _OWN),
        "reactivate": Method(lambda d, e: d.reactivate(e), _OWN),
        "end": Method(lambda d, e: d.end(e, reason="klar"), _OWN),
        "withdraw": Method(lambda d, e: d.withdraw(e, "wrong-person"), (STARTED, UNIT_WIDE, NEVER)),
    }
)


class UnitMethod(NamedTuple):
    """A method of the therapist's desk that concerns no single enrolment.

    Args:
        call: Calls it, at a desk.
        roles: The roles that allow it.
        number: The identity number that the access log names when it is refused; None for none.
    """

    call: Callable[[Any], object]
    roles: frozenset[Role]
    number: str | None = None


UNIT_METHODS: Mapping[str, UnitMethod] = MappingProxyType(
    {
        "programs": UnitMethod(lambda d: d.programs(), frozenset({_T, _P, _D})),
        "limits": UnitMethod(lambda d: d.limits(), frozenset({_T, _P, _D})),
        "caseload": UnitMethod(lambda d: d.caseload(), frozenset({_T})),
        "unit_caseload": UnitMethod(lambda d: d.unit_caseload(), frozenset({_P})),
        "counts": UnitMethod(lambda d: d.counts(), frozenset({_T})),
        "unit_counts": UnitMethod(lambda d: d.unit_counts(), frozenset({_P})),
        "profile": UnitMethod(lambda d: d.profile(), frozenset({_T})),
        "receive_notifications": UnitMethod(lambda d: d.receive_notifications(email=False), frozenset({_T})),
        "staff": UnitMethod(lambda d: d.staff(), frozenset({_T, _P})),
        "identify": UnitMethod(lambda d: d.identify(ANNA), frozenset({_T, _P}), ANNA),
        "find_withdrawable": UnitMethod(lambda d: d.find_withdrawable(ANNA), frozenset({_T, _P}), ANNA),
        "start": UnitMethod(
            lambda d: d.start(CILLA, program="smartskola", therapist=NURSE.hsa_id), frozenset({_T, _P}), CILLA
        ),
    }
)
FINDERS = frozenset({_T, _P})
"""The roles that may look for a patient; they find the enrolments that they may see."""
OFFICE: Mapping[str, Callable[[Any, str, Path], object]] = MappingProxyType(
    {
        "export": lambda o, _, folder: o.export(folder),
        "download": lambda o, _, __: b"".join(o.download()),
        "plan_purge": lambda o, _, __: o.plan_purge(),
        "plan": lambda o, plan, _: o.plan(plan),
        "overdue": lambda o, _, __: o.overdue(),
        "approve": lambda o, plan, _: o.approve(plan, decision="RS 2"),
        "purge": lambda o, plan, _: o.purge(plan),
        "receipts": lambda o, _, __: o.receipts(),
        "access_log": lambda o, _, __: o.access_log(),
        "pages.plans": lambda o, _, __: o.pages.plans(),
        "pages.exports": lambda o, _, __: o.pages.exports(),
        "pages.access_log": lambda o, _, __: o.pages.access_log(),
    }
)
"""The methods of the data administrator alone."""
OPERATIONS: Mapping[str, Callable[[Any, str, str], object]] = MappingProxyType(
    {
        "dead_letters": lambda o, _, __: o.dead_letters(),
        "send_again": lambda o, e, n: o.send_again(e, n, reason="channel-repaired"),
        "drop": lambda o, e, n: o.drop(e, n, reason="not-needed"),
    }
)
"""The methods of the operator alone, with an enrolment and its dead letter."""
PLAN_METHODS = frozenset({"plan", "approve", "purge"})
"""Those of them that concern a plan; another unit's plan is refused."""
ROOM: Mapping[str, Callable[[Any, str], object]] = MappingProxyType(
    {
        "overview": lambda r, e: r.overview(e),
        "open_module": lambda r, e: r.open_module(e, 1),
        "read_page": lambda r, e: r.read_page(e, 1, 1),
        "complete_module": lambda r, e: r.complete_module(e, 1),
        "limits": lambda r, e: r.limits(e),
        "form": lambda r, e: r.form(e, PAIN),
        "form_answers": lambda r, e: r.form_answers(e, PAIN),
        "save_form": lambda r, e: r.save_form(e, PAIN, {"smarta": 3}),
        "save_draft": lambda r, e: r.save_draft(e, PAIN, {"smarta": 3}),
        "draft": lambda r, e: r.draft(e, PAIN),
        "form_page": lambda r, e: r.form_page(e, PAIN),
        "discard_draft": lambda r, e: r.discard_draft(e, PAIN),
        "conversations": lambda r, e: r.conversations(e),
        "read_conversation": lambda r, e: r.read_conversation(e, 1),
        "pages.conversations": lambda r, e: r.pages.conversations(e),
        "pages.messages": lambda r, e: r.pages.messages(e, 1),
        "write": lambda r, e: r.write(e, "Hej", conversation=1),
        "rename_conversation": lambda r, e: r.rename_conversation(e, 1, "Ny"),
    }
)
"""The methods of a patient, in the own enrolments alone."""


def may(
    actor: Actor, scopes: tuple[str, str, str], unit: HsaId, therapist: HsaId, starter: HsaId | None = None
) -> bool:
    """Return whether a member of staff may call a method of these scopes for an enrolment.

    Args:
        actor: The member of staff.
        scopes: The scopes of the method, by role.
        unit: The unit of the enrolment.
        therapist: Its present therapist.
        starter: Who started it; left out, the therapist.
    """
    if actor.unit != unit:
        return False
    given = {scope for role, scope in zip((_T, _P, _D), scopes, strict=True) if role in actor.roles}
    own = {OWN: therapist, STARTED: starter or therapist}
    return UNIT_WIDE in given or any(actor.hsa_id == own.get(scope) for scope in given)
