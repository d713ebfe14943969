"""The policy of a unit, its choices where the manual leaves room, and the terms that a step is judged under."""

from collections.abc import Iterator
from datetime import time
from enum import Enum
from functools import cache
from importlib.resources import files
from operator import attrgetter
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from attrs import field, frozen
from attrs.validators import and_, deep_iterable, ge, instance_of, le, lt, max_len, min_len, not_, optional

from digital_painschool.domain.checks import all_different, check, exact_type, satisfies
from digital_painschool.domain.enrolment import WithdrawalReason
from digital_painschool.domain.identity_shape import contains_identity_number
from digital_painschool.domain.limits import LABEL
from digital_painschool.domain.program import EndReason, Ordering, Program
from digital_painschool.domain.validation import is_seen
from digital_painschool.errors import InvalidValue
from digital_painschool.labels.lookup import Language


class FlagKind(Enum):
    """The kinds of flags that wait for the therapist, and what a list points out: see `POINTED_OUT`.

    Rule: M-14 to M-17, D-09b, D-13d, D-17a, D-17b.
    """

    FORM_SAVED = "form-saved"
    MESSAGE_RECEIVED = "message-received"
    PROGRAM_DONE = "program-done"
    ENDING = "ending"
    UNDELIVERED = "undelivered"
    HANDED_OVER = "handed-over"
    SILENT = "silent"
    ENDS_SOON = "ends-soon"


POINTED_OUT = frozenset({FlagKind.SILENT, FlagKind.ENDS_SOON})
"""What staff may be notified of although no flag waits: the box never holds these kinds. Rule: D-17b."""
BOX_FLAGS = frozenset(FlagKind) - POINTED_OUT
"""The kinds of flags that the box of current events can hold."""


class YearEnd(Enum):
    """The fate of the patient's access when the program's time is over. Rule: D-05a, D-05d."""

    CLOSES = "closes"
    """The access ends by itself; the enrolment stays open, with a flag."""
    FLAG_ONLY = "flag-only"
    """The flag comes, and the patient keeps the access until the therapist maintains or ends."""


def zone_of(name: object) -> ZoneInfo:
    """Return the time zone of that name.

    Raises:
        InvalidValue: No zone has that name.
    """
    if isinstance(name, ZoneInfo):
        return name
    if isinstance(name, str) and name in _zones():
        return ZoneInfo(name)
    raise InvalidValue("zone is a name of the IANA time zone database, such as 'Europe/Stockholm'")


@cache
def _zones() -> frozenset[str]:
    # Not from the machine's own folder, where "localtime" and "right/UTC" are names too.
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split()) - {"Factory"}


_MOST = 1_000_000
"""The most days, minutes or characters of a policy; a date plus so many days is still a date."""


def _is_link(value: str) -> bool:
    """Return whether a text is an https URL with a host and no user; a link is shown to patients and to staff."""
    try:
        parts = urlsplit(value)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_plain = not any(sign.isspace() or sign == "\\" for sign in value)
    return bool(parts.scheme == "https" and parts.hostname and "@" not in parts.netloc and port_is_right and is_plain)


def _is_time_of_day(value: object) -> bool:
    return type(value) is time and value.tzinfo is None and not value.microsecond


# Steps of a field's check: a validator of attrs, and in words what the field is or must be.
_IS_WHOLE = and_(exact_type(int), ge(-_MOST), le(_MOST))
_ARE_WHOLE: Any = deep_iterable(_IS_WHOLE, instance_of(tuple))
_WHOLE = (_IS_WHOLE, "is a whole number within a million")
_TIME_OF_DAY = (satisfies(_is_time_of_day), "is a time of day in whole seconds, without a zone")
_LINE = (LABEL, "is one line of text")
_LINK = (
    _LINE,
    (
        satisfies(_is_link),
        "must be a URL with https and a host, without a user, such as 'https://www.1177.se/' (D-13c)",
    ),
    (
        not_(satisfies(contains_identity_number)),
        "holds what has the form of an identity number; a link is the same for every recipient (D-13c)",
    ),
)
_ONE_OR_MORE = (ge(1), "must be 1 or more")
_NONE_OR_MORE = (ge(0), "must be 0 or more; 0 switches it off (D-17b)")


@frozen(kw_only=True)
class Policy:
    """The policy of a unit: its choices where the manual leaves room; every value has a default.

    Args:
        zone: The unit's time zone; local days and times of day are meant in it (D-13a, D-18a).
        collected_at: When collected notifications go, local time, 06:00 or later and before 12:00 (D-13a).
        forenoon_ends: A missed run is caught up until then, local time; later it waits for the next day (D-13a).
        ordering: How strictly the order of modules holds in every program that the unit offers; None means as each
            program has it. Who has started goes on in the ordering of the start (D-04a, D-05c).
        review_after_days: Days after the last review at which a patient is shown as due (M-09).
        silent_after_days: Days without anything from the patient after which the patient is shown as silent; 0 for
            never (D-17b).
        ending_within_days: Days before the end of the access in which it is shown as ending soon; 0 for never (D-17b).
        year_end: What happens to the patient's access at the year's end (D-05a, D-05d).
        maintenance_days: The fewest and the most days of one maintenance (D-18a).
        write_in_maintenance: True lets the patient write messages in maintenance (D-18c).
        staff_flags: The flags for which staff may choose to be notified (M-22, D-23a), and what lists point out
            (D-17b).
        alerts_at_once: True notifies of a form that reached an alert threshold at once, also the member of staff who
            has chosen one summary a day (D-17a, D-23b).
        end_reasons: The unit's own list; None means the program's (D-19a).
        withdrawal_reasons: The reasons to choose from when a start is withdrawn (D-07b).
        retention_years: Years after the last entry before a purge is possible (D-21b).
        retention_decision: The decision (gallringsbeslut) that allows fewer than ten years (D-21b).
        export_before_purge: True refuses to purge what was not exported first (D-21a).
        heading: The heading of a new conversation (M-11).
        heading_limit: The most characters of a heading (M-11).
        message_limit: The most characters of a message (M-10).
        retry_minutes: Waits after failed attempts to hand over; then the therapist gets a flag (D-13d).
        patient_link: Where the patient reads, an https URL, shown in a notification (D-13c).
        staff_link: Where staff read, an https URL, shown in a notification (D-13c).
        language: The language of notices to patients and of messages to staff (D-24d).

    Raises:
        InvalidValue: A value is outside what its rule allows.
    """

    zone: ZoneInfo = field(default=ZoneInfo("Europe/Stockholm"), converter=zone_of)
    collected_at: time = field(
        default=time(9),
        validator=check(
            _TIME_OF_DAY, (and_(ge(time(6)), lt(time(12))), "must be 06:00 or later and before 12:00 (D-13a)")
        ),
    )
    forenoon_ends: time = field(default=time(12), validator=check(_TIME_OF_DAY))
    ordering: Ordering | None = field(
        default=None, validator=check((optional(instance_of(Ordering)), "is an Ordering, or None"))
    )
    review_after_days: int = field(default=21, validator=check(_WHOLE, _ONE_OR_MORE))
    silent_after_days: int = field(default=14, validator=check(_WHOLE, _NONE_OR_MORE))
    ending_within_days: int = field(default=28, validator=check(_WHOLE, _NONE_OR_MORE))
    year_end: YearEnd = field(
        default=YearEnd.CLOSES, validator=check((instance_of(YearEnd), "is 'closes' or 'flag-only' (D-05d)"))
    )
    maintenance_days: tuple[int, int] = field(
        default=(1, 365),
        validator=check(
            (and_(_ARE_WHOLE, min_len(2), max_len(2)), "is a pair of whole numbers within a million"),
            (
                and_(deep_iterable(and_(ge(1), le(3650))), satisfies(lambda pair: pair[0] <= pair[1])),
                "is a pair (fewest, most) within 1 to 3650 (D-18a)",
            ),
        ),
    )
    write_in_maintenance: bool = field(default=False, validator=check((instance_of(bool), "is True or False")))
    staff_flags: frozenset[FlagKind] = field(
        default=frozenset({FlagKind.PROGRAM_DONE}),
        validator=check((deep_iterable(instance_of(FlagKind), instance_of(frozenset)), "is a frozenset of FlagKind")),
    )
    alerts_at_once: bool = field(default=True, validator=check((instance_of(bool), "is True or False")))
    end_reasons: tuple[EndReason, ...] | None = field(
        default=None,
        validator=check(
            (
                optional(deep_iterable(exact_type(EndReason), instance_of(tuple))),
                "is a tuple of EndReason, or None",
            ),
            (optional(min_len(1)), "must hold at least one, or be left out (D-19a)"),
            (optional(all_different(attrgetter("key"))), "holds a key twice (D-19a)"),
        ),
    )
    withdrawal_reasons: tuple[WithdrawalReason, ...] = field(
        default=tuple(WithdrawalReason),
        validator=check(
            (
                and_(deep_iterable(exact_type(WithdrawalReason), instance_of(tuple)), min_len(1)),
                "is a tuple of at least one WithdrawalReason (D-07b)",
            ),
            (all_different(lambda reason: reason), "holds a reason twice (D-07b)"),
        ),
    )
    retention_years: int = field(
        default=10, validator=check(_WHOLE, (and_(ge(0), le(200)), "must be 0 to 200 (D-21b)"))
    )
    retention_decision: str | None = field(
        default=None,
        validator=check(
            (optional(LABEL), "is one line of text, or None"),
            (
                optional(not_(satisfies(contains_identity_number))),
                "holds what has the form of an identity number; name the decision alone (D-21a)",
            ),
        ),
    )
    export_before_purge: bool = field(default=True, validator=check((instance_of(bool), "is True or False")))
    heading: str = field(
        default="Min konversation",
        validator=check(_LINE, (satisfies(is_seen), "must be a text of at most heading_limit characters (M-11)")),
    )
    heading_limit: int = field(default=120, validator=check(_WHOLE, _ONE_OR_MORE))
    message_limit: int = field(default=10_000, validator=check(_WHOLE, _ONE_OR_MORE))
    retry_minutes: tuple[int, ...] = field(
        default=(5, 30, 120, 720),
        validator=check(
            (_ARE_WHOLE, "is a tuple of whole numbers within a million"),
            (deep_iterable(ge(0)), "holds waits of 0 minutes or more"),
        ),
    )
    patient_link: str = field(default="https://www.1177.se/", validator=check(*_LINK))
    staff_link: str = field(default="https://www.vgregion.se/sob", validator=check(*_LINK))
    language: Language = field(default=Language.SWEDISH, validator=check((instance_of(Language), "is a Language")))

    def __attrs_post_init__(self) -> None:
        for problem in self._problems():
            raise InvalidValue(problem)

    def _problems(self) -> Iterator[str]:
        # By hand: a validator of attrs sees one field, and each of these problems lies between two.
        if not self.collected_at < self.forenoon_ends <= time(12):
            yield "forenoon_ends must be after collected_at and 12:00 at the latest (D-13a)"
        if self.retention_years < 10 and not is_seen(self.retention_decision or ""):
            yield "retention_years under 10 needs a retention_decision, the gallringsbeslut (D-21b)"
        if len(self.heading) > self.heading_limit:
            yield "heading must be a text of at most heading_limit characters (M-11)"


@frozen(slots=False)
class Terms:
    """The terms that a step of an enrolment is judged under: its program version and its unit's policy."""

    program: Program
    policy: Policy

    @property
    def end_reasons(self) -> tuple[EndReason, ...]:
        """The reasons to choose from when ending: the unit's own, or else the program's. Rule: D-19a."""
        return self.program.end_reasons if self.policy.end_reasons is None else self.policy.end_reasons

    def end_reason(self, key: str | None) -> EndReason | None:
        """Return the reason of that key, or None; also one of the program's that the unit does not offer (any more)."""
        return next((one for one in (*self.end_reasons, *self.program.end_reasons) if one.key == key), None)
