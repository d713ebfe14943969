"""Adapters that are wrong in one way each: mistakes with lists of exports and with notices to be forgotten."""

from collections.abc import Sequence

from digital_painschool.domain.retention import ExportReceipt
from tests.kit.wrong.mistake import Mistake, on

STORAGE: Sequence[Mistake] = (
    Mistake(
        "exports-by-id",
        "Records.list_records",
        "list_records",
        on(
            ExportReceipt,
            lambda right, _, *args, **options: tuple(sorted(right(*args, **options), key=lambda one: one.id)),
        ),
    ),
    Mistake(
        "the-export-of-the-cursor-again",
        "Records.list_records",
        "list_records",
        on(
            ExportReceipt,
            lambda right, _, *args, after=None, **options: right(*args, after=after and (after[0], ""), **options),
        ),
    ),
    Mistake(
        "every-withdrawn-one-is-unforgotten",
        "Retention.unforgotten",
        "unforgotten",
        lambda right, self, **options: (
            tuple(
                (one.unit, one.enrolment_id)
                for one in self.list_enrolments(None, ended=True)
                if one.enrolment.withdrawal
            )
            or right(**options)
        ),
    ),
    Mistake(
        "what-an-operator-sends-again-is-left-in-the-inbox",
        "Retention.unforgotten: superseded",
        "unforgotten",
        lambda right, self, **options: tuple(
            (unit, id_)
            for unit, id_ in right(**options)
            if any(row.key is not None for row in self._parts.outbox.read.asked_by(id_))
        ),
    ),
    Mistake("nothing-is-forgotten", "Retention.forgotten: no more", "forgotten", lambda right, self, *args: None),
    Mistake(
        "everything-is-forgotten",
        "Retention.forgotten: others",
        "forgotten",
        lambda right, self, unit, id_, keys: [
            right(one.unit, one.enrolment_id, self.notification_keys(one.unit, (one.enrolment_id,)))
            for one in self.list_enrolments(None, ended=True)
        ],
    ),
)
