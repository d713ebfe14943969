"""The export of a unit's ended enrolments: written, logged, and noted as exported. Rule: M-21, D-21a.

Withdrawn ones are left out (D-07b): they would count as treatments that never were.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from attrs import evolve

from digital_painschool.application.desk_calls import Completing, stored_result, take_once
from digital_painschool.application.executor import Executor
from digital_painschool.application.export import Format, is_whole, kinds_for, write_export
from digital_painschool.application.export_download import ExportDownload
from digital_painschool.application.export_layout import LAYOUTS, Layout
from digital_painschool.application.once import once_of
from digital_painschool.application.unit_records import Progress, UnitRecords, batches
from digital_painschool.domain.enrolment import Enrolment, UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor
from digital_painschool.domain.retention import EndedEnrolment, ExportedFile, ExportReceipt
from digital_painschool.domain.validation import plain_text
from digital_painschool.errors import InvalidValue, NotFound, StorageError
from digital_painschool.labels.lookup import language_of
from digital_painschool.ports.storage import History, load_histories, readable, save_export
from digital_painschool.rules.permissions import Action
from digital_painschool.serialization.values import to_data


class UnitExport:
    """One export, from the storage to the files and the receipt.

    Args:
        executor: The storage and the clock.
        actor: The data administrator.
        progress: Called with the number of enrolments written so far.
    """

    def __init__(self, executor: Executor, actor: Actor, progress: Progress) -> None:
        self._executor = executor
        self._actor = actor
        self._progress = progress
        self._records = UnitRecords(executor, actor)
        self._versions: dict[EnrolmentId, int] = {}
        self._unreadable: dict[EnrolmentId, None] = {}

    def write(self, folder: str | Path, formats: Iterable[Format], language: object, once: object) -> ExportReceipt:
        """Write the files, and save the receipt. Rule: M-21, D-21a, D-24a.

        Raises:
            StorageError: A file cannot be written, or another export is being written into the folder.
            InvalidValue: The folder has no name, the formats are none, or there are no labels in the language.
        """
        chosen, layout = _formats(formats), self._layout(language)
        where = _folder(folder)
        # Left out when None: a key of an earlier version is for a call without it.
        headings = {} if layout.language is None else {"language": layout.language}
        asked = once_of(once, "export", folder=where, formats=chosen, **headings)
        return take_once(
            self._executor,
            Action.EXPORT,
            self._actor,
            asked,
            lambda completing: self._write(where, chosen, layout, completing),
            lambda result: stored_result(result, ExportReceipt),
        )

    def _write(self, where: Path, chosen: Iterable[Format], layout: Layout, completing: Completing) -> ExportReceipt:
        files = write_export(where, chosen, self._histories(kinds_for(chosen)), layout)
        return self._record(files, completing)

    def download(self, formats: Iterable[Format], language: object) -> ExportDownload:
        """Return the export as bytes in pieces; the receipt is saved when the last one was taken. Rule: M-21, D-21a.

        Raises:
            InvalidValue: The formats are none, or there are no labels in the language.
        """
        chosen, layout = _formats(formats), self._layout(language)
        histories = self._histories(kinds_for(chosen))
        at = self._executor.now().astimezone(self._executor.policy(self._actor.unit).zone)
        return ExportDownload(chosen, at, histories, lambda files: self._record(files, lambda _: None), layout)

    def _layout(self, language: object) -> Layout:
        if language is None:
            return LAYOUTS[None]
        return evolve(LAYOUTS[language_of(language)], end_reason=self._end_reason_in_words)

    def _end_reason_in_words(self, enrolment: Enrolment) -> str | None:
        """Return the words of the list that the reason was chosen from; the key where neither says what it means."""
        reason = None
        with suppress(NotFound, StorageError):  # the program cannot be read, which stops no export
            reason = self._executor.terms.of(enrolment).end_reason(enrolment.end_reason)
        return enrolment.end_reason if reason is None else reason.title

    def _record(self, files: tuple[ExportedFile, ...], completing: Completing) -> ExportReceipt:
        at = self._executor.now()
        receipt = ExportReceipt(
            id=self._executor.new_id(at),
            unit=self._actor.unit,
            exported_by=self._actor.hsa_id,
            exported_at=at,
            enrolments=len(self._versions),
            files=files,
            unreadable=tuple(self._unreadable),
        )
        completed = completing(json.dumps(to_data(receipt)))
        save_export(self._executor.storage, receipt, self._versions if receipt.is_complete else {}, completed=completed)
        return receipt

    def _histories(self, kinds: Iterable[type[Event]] | None) -> Iterator[History]:
        for batch in batches(filter(_is_exported, self._records.ended())):
            ids = [ended.enrolment_id for ended in readable(batch)]
            found = load_histories(self._executor.storage, self._actor.unit, ids, kinds)
            histories = tuple(history for history in readable(found) if is_whole(history, kinds))
            self._unreadable.update(dict.fromkeys(ended.enrolment_id for ended in batch))
            for history in histories:
                del self._unreadable[history.enrolment.id]
            persons = {history.enrolment.id: history.enrolment.person for history in histories}
            self._records.log_each(Action.EXPORT, persons)
            for history in histories:
                self._versions[history.enrolment.id] = history.enrolment.version
                yield history
            self._progress(len(self._versions))


def _is_exported(one: EndedEnrolment | UnreadableEnrolment) -> bool:
    return isinstance(one, UnreadableEnrolment) or not one.is_withdrawn


def _formats(formats: object) -> tuple[Format, ...]:
    chosen = tuple(formats) if isinstance(formats, Iterable) else ()
    if not chosen or not all(isinstance(format_, Format) for format_ in chosen):
        raise InvalidValue("formats is a collection of at least one Format")
    return chosen


def _folder(folder: object) -> Path:
    if not isinstance(folder, (str, Path)):
        raise InvalidValue("folder is the path of a folder")
    named = plain_text(folder if isinstance(folder, str) else str(folder), "folder")
    # An empty path means "." to pathlib, and is most often an empty setting.
    if not named.strip() or folder == Path():
        raise InvalidValue("the folder has no name; name it, also the one that you are in (Path.cwd())")
    return Path(named)
