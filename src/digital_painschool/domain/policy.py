"""What a unit decides for itself where the manual leaves it open, and the terms that a step is judged under."""

from collections.abc import Callable, Iterator, Mapping
from datetime import time
from enum import Enum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import cast
from zoneinfo import ZoneInfo

from attrs import field, frozen

from digital_painschool.domain.identity_shape import contains_identity_number
from digital_painschool.domain.limits import LABEL
from digital_painschool.domain.program import EndReason, Program
from digital_painschool.errors import InvalidValue


class FlagKind(Enum):
    """What can wait for the therapist. Rule: M-14 to M-17, D-13d, D-17a."""

    FORM_SAVED = "form-saved"
    MESSAGE_RECEIVED = "message-received"
    PROGRAM_DONE = "program-done"
    ENDING = "ending"
    UNDELIVERED = "undelivered"


_MOST = 1_000_000
"""No day, minute or character counts further: what is added to a date must stay a date."""


def zone_of(name: object) -> ZoneInfo:
    """Return the time zone of that name.

    Raises:
        InvalidValue: There is none.
    """
    if isinstance(name, ZoneInfo):
        return name
    if isinstance(name, str) and name in _zones():
        return ZoneInfo(name)
    raise InvalidValue("zone is a name of the IANA time zone database, such as 'Europe/Stockholm'")


@cache
def _zones() -> frozenset[str]:
    # Not what the machine's own folder has: there, "localtime" and "right/UTC" are names too, of what is set up there.
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split()) - {"Factory"}


@frozen(kw_only=True)
class Policy:
    """What a unit decides for itself where the manual leaves it open; every value has a default.

    Args:
        zone: The unit's time zone; local days and times of day are meant in it (D-13a, D-18a).
        collected_at: When collected notifications go, local time, 06:00 or later and before 12:00 (D-13a).
        forenoon_ends: A missed run is caught up until then, local time; later it waits for the next day (D-13a).
        review_after_days: Days after the last review at which a patient is shown as due (M-09).
        maintenance_days: The fewest and the most days of one maintenance (D-18a).
        staff_flags: The flags for which staff may choose to be notified (M-22, D-23a).
        end_reasons: The unit's own list; None means the program's (D-19a).
        retention_years: Years after the last entry before a purge is possible (D-21b).
        retention_decision: The decision (gallringsbeslut) that allows fewer than ten years (D-21b).
        export_before_purge: True refuses to purge what was not exported first (D-21a).
        heading: The heading of a new conversation (M-11).
        heading_limit: The most characters of a heading (M-11).
        message_limit: The most characters of a message (M-10).
        retry_minutes: Waits after failed attempts to hand over; then the therapist gets a flag (D-13d).
        patient_link: Where the patient reads, shown in a notification (D-13c).
        staff_link: Where staff read, shown in a notification (D-13c).

    Raises:
        InvalidValue: A value is outside what its rule allows.
    """

    zone: ZoneInfo = field(default=ZoneInfo("Europe/Stockholm"), converter=zone_of)
    collected_at: time = time(9)
    forenoon_ends: time = time(12)
    review_after_days: int = 21
    maintenance_days: tuple[int, int] = (1, 365)
    staff_flags: frozenset[FlagKind] = frozenset({FlagKind.PROGRAM_DONE})
    end_reasons: tuple[EndReason, ...] | None = None
    retention_years: int = 10
    retention_decision: str | None = None
    export_before_purge: bool = True
    heading: str = "Min konversation"
    heading_limit: int = 120
    message_limit: int = 10_000
    retry_minutes: tuple[int, ...] = (5, 30, 120, 720)
    patient_link: str = "https://www.1177.se/"
    staff_link: str = "https://www.vgregion.se/sob"

    def __attrs_post_init__(self) -> None:
        for name, (is_right, words) in _KINDS.items():
            if not is_right(getattr(self, name)):
                raise InvalidValue(f"{name} is {words}")
        for problem in self._problems():
            raise InvalidValue(problem)

    def _problems(self) -> Iterator[str]:
        shortest, longest = self.maintenance_days
        if not time(6) <= self.collected_at < time(12):
            yield "collected_at must be 06:00 or later and before 12:00 (D-13a)"
        if not self.collected_at < self.forenoon_ends <= time(12):
            yield "forenoon_ends must be after collected_at and 12:00 at the latest (D-13a)"
        if not 1 <= shortest <= longest <= 3650:
            yield "maintenance_days is a pair (fewest, most) within 1 to 3650 (D-18a)"
        if not 0 <= self.retention_years <= 200:
            yield "retention_years must be 0 to 200 (D-21b)"
        if self.retention_years < 10 and not (self.retention_decision or "").strip():
            yield "retention_years under 10 needs a retention_decision, the gallringsbeslut (D-21b)"
        if contains_identity_number(self.retention_decision or ""):
            yield "retention_decision holds what has the form of an identity number; name the decision alone (D-21a)"
        for name in ("review_after_days", "heading_limit", "message_limit"):
            if getattr(self, name) < 1:
                yield f"{name} must be 1 or more"
        if any(minutes < 0 for minutes in self.retry_minutes):
            yield "retry_minutes holds waits of 0 minutes or more"
        yield from self._text_problems()

    def _text_problems(self) -> Iterator[str]:
        if not self.heading.strip() or len(self.heading) > self.heading_limit:
            yield "heading must be a text of at most heading_limit characters (M-11)"
        if self.end_reasons is not None:
            yield from self._end_reason_problems(self.end_reasons)

    @staticmethod
    def _end_reason_problems(reasons: tuple[EndReason, ...]) -> Iterator[str]:
        if not reasons:
            yield "end_reasons must hold at least one, or be left out (D-19a)"
        if len({reason.key for reason in reasons}) < len(reasons):
            yield "end_reasons holds a key twice (D-19a)"


def _is_whole(value: object) -> bool:
    return type(value) is int and abs(value) <= _MOST


def _is_time(value: object) -> bool:
    return type(value) is time and value.tzinfo is None and not value.microsecond


def _is_line(value: object) -> bool:
    return LABEL.problem(value) is None


def _is_truth(value: object) -> bool:
    return type(value) is bool


def _is_pair(value: object) -> bool:
    return _are_whole(value) and len(cast("tuple[int, ...]", value)) == 2


def _are_whole(value: object) -> bool:
    return isinstance(value, tuple) and all(map(_is_whole, value))


def _holds(container: type, kind: type) -> Callable[[object], bool]:
    return lambda value: (
        isinstance(value, container) and all(type(item) is kind for item in cast("Iterator[object]", value))
    )


def _or_none(is_right: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or is_right(value)


_KINDS: Mapping[str, tuple[Callable[[object], bool], str]] = MappingProxyType(
    {
        "collected_at": (_is_time, "a time of day in whole seconds, without a zone"),
        "forenoon_ends": (_is_time, "a time of day in whole seconds, without a zone"),
        "review_after_days": (_is_whole, "a whole number within a million"),
        "maintenance_days": (_is_pair, "a pair of whole numbers within a million"),
        "staff_flags": (_holds(frozenset, FlagKind), "a frozenset of FlagKind"),
        "end_reasons": (_or_none(_holds(tuple, EndReason)), "a tuple of EndReason, or None"),
        "retention_years": (_is_whole, "a whole number within a million"),
        "retention_decision": (_or_none(_is_line), "one line of text, or None"),
        "export_before_purge": (_is_truth, "True or False"),
        "heading": (_is_line, "one line of text"),
        "heading_limit": (_is_whole, "a whole number within a million"),
        "message_limit": (_is_whole, "a whole number within a million"),
        "retry_minutes": (_are_whole, "a tuple of whole numbers within a million"),
        "patient_link": (_is_line, "one line of text"),
        "staff_link": (_is_line, "one line of text"),
    }
)


@frozen(slots=False)
class Terms:
    """What a step of one enrolment is judged under: its program version and its unit's policy."""

    program: Program
    policy: Policy

    @property
    def end_reasons(self) -> tuple[EndReason, ...]:
        """The reasons to choose from when ending: the unit's own, or else the program's. Rule: D-19a."""
        return self.program.end_reasons if self.policy.end_reasons is None else self.policy.end_reasons
