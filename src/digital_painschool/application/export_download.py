"""An export to be downloaded: bytes in pieces, and a receipt when the whole was produced. Rule: M-21, D-21a."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from digital_painschool.application.export import ExportWriter, Format, file_names
from digital_painschool.application.export_layout import FOR_PROGRAMS, Layout
from digital_painschool.domain.retention import ExportedFile, ExportReceipt
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import History

_PIECE = 1 << 16
_OWNER_ALONE = 0o600 << 16
_Produced = Generator[bytes, None, tuple[ExportedFile, ...]]
"""Yields pieces, and returns what was written."""
_MEDIA_TYPES = {".csv": "text/csv; charset=utf-8", ".jsonl": "application/jsonl"}


class ExportDownload:
    """An export as bytes in pieces, to be iterated over once. Made by `AdministratorDesk.download`. Rule: M-21, D-21a.

    A few enrolments are in memory at a time. Several files come as one zip file. All but the largest of them wait in
    nameless temporary files, which only this process can open. The export is recorded after the last piece was taken:
    a download that is broken off leaves no receipt, and no enrolment counts as exported by it. The access log names
    each enrolment that was read.

    Attributes:
        file_name: A name for the file.
        media_type: The media type of the bytes.
    """

    def __init__(
        self,
        formats: Iterable[Format],
        at: datetime,
        histories: Iterable[History],
        record: Callable[[tuple[ExportedFile, ...]], ExportReceipt],
        layout: Layout = FOR_PROGRAMS,
    ) -> None:
        self._formats = tuple(formats)
        self._layout = layout
        self._names = file_names(self._formats)
        self._at = at
        self._record = record
        self._receipt: ExportReceipt | None = None
        [only] = self._names if len(self._names) == 1 else [f"export-{at:%Y-%m-%d}.zip"]
        self.file_name = only
        self.media_type = _MEDIA_TYPES.get(only[only.rindex(".") :], "application/zip")
        self._pieces = self._produce(histories)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces.

        Raises:
            StorageError: The storage failed, or a temporary file could not be written; nothing is recorded.
        """
        return self._pieces

    @property
    def receipt(self) -> ExportReceipt | None:
        """The receipt; None until the last piece was taken."""
        return self._receipt

    def _produce(self, histories: Iterable[History]) -> Iterator[bytes]:
        try:
            with ExitStack() as open_files:
                files = yield from self._write(histories, open_files)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise StorageError(f"the export could not be produced: {why}") from None
        self._receipt = self._record(files)

    def _write(self, histories: Iterable[History], open_files: ExitStack) -> _Produced:
        sink = _Sink()
        *waiting, largest = self._names
        if not waiting:
            writer = ExportWriter(self._formats, lambda _: cast("IO[bytes]", sink), self._layout)
            return (yield from _written(writer, histories, sink))
        archive = open_files.enter_context(ZipFile(cast("IO[bytes]", sink), "w", ZIP_DEFLATED))
        spooled = {name: open_files.enter_context(TemporaryFile()) for name in waiting}  # noqa: SIM115 - it is closed
        with archive.open(self._member(largest), "w", force_zip64=True) as member:
            writer = ExportWriter(self._formats, {largest: member, **spooled}.__getitem__, self._layout)
            files = yield from _written(writer, histories, sink)
        for name, spool in spooled.items():
            spool.seek(0)
            with archive.open(self._member(name), "w", force_zip64=True) as member:
                while data := spool.read(_PIECE):
                    member.write(data)
                    yield from sink.pieces(_PIECE)
        archive.close()
        yield from sink.pieces()
        return files

    def _member(self, name: str) -> ZipInfo:
        info = ZipInfo(name, self._at.timetuple()[:6])
        info.compress_type = ZIP_DEFLATED
        info.external_attr = _OWNER_ALONE
        return info


class _Sink:
    """A file that is written, and gives its bytes away in pieces."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        self._size += len(data)
        return len(data)

    def flush(self) -> None:
        """Return at once: a piece is taken when it is large enough."""

    def pieces(self, at_least: int = 1) -> Iterator[bytes]:
        """Yield what waits as one piece, when it is so many bytes."""
        if self._size >= at_least:
            piece = b"".join(self._waiting)
            self._waiting.clear()
            self._size = 0
            yield piece


def _written(writer: ExportWriter, histories: Iterable[History], sink: _Sink) -> _Produced:
    for history in histories:
        writer.write(history)
        yield from sink.pieces(_PIECE)
    files = writer.finish()
    yield from sink.pieces()
    return files
