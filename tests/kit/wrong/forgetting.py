"""Adapters that are wrong in one way each: mistakes with lists of exports and with notices to be forgotten."""

from typing import Any

from digital_painschool.domain.retention import ExportReceipt
from tests.kit.wrong.mistake import Mistakes, Wrong, last, on, put


def _superseded_ones_at_once(right: Wrong, storage: Any, unit: Any, id_: Any, keys: Any) -> None:
    given = frozenset(keys)
    latest = {row.key for row in storage._parts.outbox.read.asked_by(id_)}
    superseded = frozenset(storage.notification_keys(unit, (id_,))) - latest
    right(unit, id_, given | superseded if given & superseded else given)


STORAGE: Mistakes = {
    ("list_records", "Records.list_records"): {
        "exports-by-id": on(
            ExportReceipt,
            lambda right, _, *args, **options: tuple(sorted(right(*args, **options), key=lambda one: one.id)),
        ),
    },
    ("list_records", "Records.list_records: advances"): {
        "the-exports-from-the-first-again": on(
            ExportReceipt, lambda right, _, *args, after=None, **options: right(*args, **options)
        ),
        "the-export-of-the-cursor-again": on(
            ExportReceipt,
            lambda right, _, *args, after=None, **options: right(*args, after=after and (after[0], ""), **options),
        ),
    },
    ("unforgotten", "Retention.unforgotten"): {
        "every-withdrawn-one-is-unforgotten": lambda right, self, **options: (
            tuple(
                (one.unit, one.enrolment_id)
                for one in self.list_enrolments(None, ended=True)
                if one.enrolment.withdrawal
            )
            or right(**options)
        ),
    },
    ("unforgotten", "Retention.unforgotten: superseded"): {
        "what-an-operator-sends-again-is-left-in-the-inbox": lambda right, self, **options: tuple(
            (unit, id_)
            for unit, id_ in right(**options)
            if any(row.key is not None for row in self._parts.outbox.read.asked_by(id_))
        ),
    },
    ("forgotten", "Retention.forgotten: no more"): {
        "what-is-forgotten-is-reported-all-the-same": lambda right, self, unit, id_, keys: last(
            forgotten := frozenset(keys),
            right(unit, id_, forgotten),
            put(self, "reject", lambda key, _: int(key in forgotten)),
        ),
        "nothing-is-forgotten": lambda right, self, *args: None,
    },
    ("forgotten", "Retention.forgotten: others"): {
        "one-superseded-key-is-all-of-them": _superseded_ones_at_once,
        "everything-is-forgotten": lambda right, self, unit, id_, keys: [
            right(one.unit, one.enrolment_id, self.notification_keys(one.unit, (one.enrolment_id,)))
            for one in self.list_enrolments(None, ended=True)
        ],
    },
}
