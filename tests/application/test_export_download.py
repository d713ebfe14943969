"""An export to be downloaded: the same files as in a folder, in pieces, and a receipt for the whole alone."""

import tracemalloc
from hashlib import sha256
from io import BytesIO
from itertools import islice
from pathlib import Path
from zipfile import ZipFile

import pytest
from attrs import evolve

from digital_painschool.application import export_download
from digital_painschool.application.export import Format
from digital_painschool.application.export_download import ExportDownload
from digital_painschool.domain.events import FormSaved
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import Entry, load_histories, readable
from digital_painschool.testing.environment import START, local
from digital_painschool.testing.faults import Fault, FaultPlan
from digital_painschool.testing.people import ARCHIVIST, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.application.desk_calls import lived
from tests.application.test_access_log import entries
from tests.scenario import beside

OLD = EnrolmentId("e-0001")
BOTH = (Format.CSV, Format.JSON_LINES)


def exported(school: Scenario) -> list[int]:
    """Return the exported versions of what has ended."""
    return [ended.exported for ended in readable(school.storage.ended(UNIT))]


@pytest.mark.rule("M-21", "D-21a")
@pytest.mark.parametrize("formats", [BOTH, (Format.CSV,), (Format.JSON_LINES,), (Format.CSV, Format.CSV)])
def test_a_download_has_the_files_of_an_export(formats: tuple[Format, ...], tmp_path: Path) -> None:
    """Otherwise a portal would hand out something else than what the receipt proves."""
    school = lived()
    school.now = local("2026-03-03 00:30")
    download = school.office.download(formats=formats)
    content = b"".join(download)
    receipt = download.receipt
    assert receipt is not None
    if download.media_type == "application/zip":
        assert "export-2026-03-03.zip" == download.file_name
        with ZipFile(BytesIO(content)) as archive:
            assert archive.testzip() is None
            assert {(2026, 3, 3, 0, 30, 0)} == {member.date_time for member in archive.infolist()}
            found = {name: archive.read(name) for name in archive.namelist()}
    else:
        assert ("enrolments.jsonl", "application/jsonl") == (download.file_name, download.media_type)
        found = {download.file_name: content}
    assert {file.name: file.sha256 for file in receipt.files} == {
        name: sha256(data).hexdigest() for name, data in found.items()
    }
    beside = school.office.export(tmp_path / "export", formats=dict.fromkeys(formats))
    assert found == {file.name: (tmp_path / "export" / file.name).read_bytes() for file in beside.files}
    assert evolve(receipt, id=beside.id) == beside


@pytest.mark.rule("D-21a")
def test_a_download_that_is_broken_off_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a purge would take what nobody has, or the log not know what a browser has that was closed."""
    monkeypatch.setattr(export_download, "_PIECE", 1)
    school = lived()
    with school.unchanged():
        school.office.download(formats=BOTH)
    for formats in (BOTH, (Format.JSON_LINES,)):
        pieces = len([*school.office.download(formats=formats)])
        for taken in range(1, pieces + 1):
            school = lived()
            cut = iter(download := school.office.download(formats=formats))
            data = b"".join(islice(cut, taken))
            assert (None, [0]) == (download.receipt, exported(school))
            assert OLD.encode() not in data or "export" in [entry.action for entry in entries(school)]
            cut.close()  # type: ignore[attr-defined]
            assert (None, [0]) == (download.receipt, exported(school))


@pytest.mark.rule("D-21a")
def test_a_download_counts_when_its_last_piece_was_taken() -> None:
    """Otherwise a purge would leave what was exported."""
    school = lived()
    download = school.office.download()
    assert b"".join(download)
    assert [school.state(OLD).version] == exported(school)
    assert [] == [*download]


@pytest.mark.rule("D-21a")
def test_a_storage_that_fails_in_the_middle_leaves_no_receipt() -> None:
    """Otherwise half a file would pass for an export."""
    school = lived()
    failing = beside(school, FaultPlan(Fault("load_timelines", does=StorageError("the disk is gone"), times=None)))
    download = failing.administrator(ARCHIVIST).download()
    with pytest.raises(StorageError):
        b"".join(download)
    assert (None, [0]) == (download.receipt, exported(school))


def test_a_full_disk_is_the_library_s_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a full folder for temporary files would show as an error that no portal expects."""
    school = lived()

    def refuse() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_download, "TemporaryFile", refuse)
    with pytest.raises(StorageError, match="No space left"):
        b"".join(school.office.download())
    assert [0] == exported(school)


def test_the_memory_does_not_grow_with_the_unit() -> None:
    """Otherwise a large unit's export would take the server with it."""
    school = lived()
    [history] = readable(load_histories(school.storage, UNIT, [OLD]))
    seq = history.enrolment.version + 1
    saved = FormSaved(at=START, by="patient", form="f", number=1, score=1, alert=False)
    large = evolve(
        history,
        timeline=(*history.timeline, Entry(seq=seq, event=saved)),
        documents={**history.documents, seq: {"smarta": "x" * 1_000}},
    )

    def most(number: int) -> int:
        download = ExportDownload(BOTH, START, (large for _ in range(number)), lambda _: None)  # type: ignore[arg-type,return-value]
        tracemalloc.start()
        size = sum(map(len, download))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert size
        return peak

    few, many = most(50), most(2_000)
    assert many < few + 1_000_000
