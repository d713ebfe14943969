"""Publications: the files of an export are its own, appear together, and leave nothing behind however it ends."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from digital_painschool.application.export import FILES, FILES_OF, Format, write_export
from digital_painschool.application.publishing import UNFINISHED, publication
from digital_painschool.domain.retention import ExportedFile, Skip
from digital_painschool.errors import InvalidValue, StorageError
from digital_painschool.ports.storage import History, RecordKey, Saved
from digital_painschool.testing.people import OTHER_ARCHIVIST
from digital_painschool.testing.scenario import Scenario

pytestmark = pytest.mark.rule("M-21")

NAMES = tuple(FILES)


@pytest.fixture(autouse=True, params=["unnamed", "named"])
def files(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of making files: without a name, and in a folder of their own where the system knows no such files."""
    if request.param == "named":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    way: str = request.param
    return way


def write(folder: Path, text: str = "secret", *, then: Callable[[], object] = lambda: None) -> None:
    """Publish files with a text, and call something before they are."""
    with publication(folder, NAMES, NAMES) as published:
        for name in NAMES:
            published.open(name).write(text.encode())
        then()
        published.publish()


def content(folder: Path) -> dict[str, str]:
    """Return what is in a folder, by path; what cannot be read by its kind."""
    found = {}
    for path in sorted(folder.rglob("*")):
        kind = path.lstat().st_mode
        found[str(path.relative_to(folder))] = path.read_text() if stat.S_ISREG(kind) else oct(stat.S_IFMT(kind))
    return found


WHOLE = dict.fromkeys(sorted(NAMES), "secret")


def test_files_are_their_owner_s_alone_from_the_first_byte(tmp_path: Path) -> None:
    """Otherwise somebody could open a file while it is written, and go on reading."""
    before = os.umask(0)

    def look() -> None:
        for path in folder.rglob("*"):
            assert 0 == path.lstat().st_mode & 0o077

    folder = tmp_path / "new" / "export"
    try:
        write(folder, then=look)
    finally:
        os.umask(before)
    assert dict.fromkeys(NAMES, 0o600) == {path.name: stat.S_IMODE(path.lstat().st_mode) for path in folder.iterdir()}
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)


PLANTS: dict[str, Callable[[Path, Path], object]] = {
    "a file that all can read": lambda path, _: os.close(os.open(path, os.O_CREAT, 0o666)),
    "a link to a file": lambda path, other: path.symlink_to(other),
    "a link to nothing": lambda path, other: path.symlink_to(other.with_name("nothing")),
    "a second name of a file": lambda path, other: path.hardlink_to(other),
    "a FIFO": lambda path, _: os.mkfifo(path),
    "an empty folder": lambda path, _: path.mkdir(),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_what_is_planted_is_neither_followed_nor_kept(tmp_path: Path, plant: str) -> None:
    """Otherwise patients' answers would be written to where somebody else has prepared."""
    folder, other = tmp_path / "export", tmp_path / "other"
    folder.mkdir()
    other.write_text("other")
    for name in NAMES:
        PLANTS[plant](folder / f"{name}.partial", other)
    PLANTS[plant](folder / f"{UNFINISHED}x", other)
    write(folder)
    assert WHOLE == content(folder)
    assert {"export", "other"} == {path.name for path in tmp_path.iterdir()}
    assert "other" == other.read_text()


@pytest.mark.parametrize("plant", PLANTS)
def test_a_name_that_is_taken_is_kept(tmp_path: Path, plant: str) -> None:
    """Otherwise an earlier export would be lost, or the new one be written through a link."""
    other = tmp_path / "other"
    other.write_text("other")
    folder = tmp_path / "export"
    folder.mkdir()
    PLANTS[plant](folder / NAMES[-1], other)
    planted = content(folder)
    with pytest.raises(FileExistsError, match=f"{NAMES[-1]} is there already"):
        write(folder)
    assert planted == content(folder)
    (folder / NAMES[-1]).rmdir() if "folder" in plant else (folder / NAMES[-1]).unlink()
    with suppress(FileExistsError):
        write(folder, then=lambda: PLANTS[plant](folder / NAMES[-1], other))
        pytest.fail("what was planted while the export was written was replaced")
    assert planted == content(folder)


@pytest.mark.parametrize("name", [f"{NAMES[0]}.partial", f"{UNFINISHED}x"])
def test_a_folder_with_something_else_of_that_name_is_named(tmp_path: Path, name: str) -> None:
    """Otherwise an export would delete what is not its own, or fail without a word on what to do."""
    (tmp_path / name / "mine").mkdir(parents=True)
    with pytest.raises(OSError, match=f"{name} is in the way and cannot be deleted"):
        write(tmp_path)
    assert ["mine"] == [path.name for path in (tmp_path / name).iterdir()]


@pytest.mark.parametrize("by", ["the same name", "a link", "another way"])
def test_a_second_export_at_the_same_time_is_refused_at_once(tmp_path: Path, by: str) -> None:
    """Otherwise one unit's receipt would speak of a file that holds another unit's records."""
    folder = tmp_path / "export"
    (tmp_path / "link").symlink_to(folder)
    same = {"the same name": folder, "a link": tmp_path / "link", "another way": tmp_path / "x" / ".." / "export"}[by]
    (tmp_path / "x").mkdir()

    def second() -> None:
        with pytest.raises(BlockingIOError, match="another export is being written into this folder"):
            write(same, "other")

    write(folder, then=second)
    assert WHOLE == content(folder)
    with pytest.raises(FileExistsError):
        write(same)
    (tmp_path / "export" / "later").mkdir()
    write(tmp_path / "export" / "later")


def test_another_process_is_refused_while_the_first_one_writes(tmp_path: Path) -> None:
    """Otherwise two workers of a host would write one file, and each would get a receipt."""
    script = KILLED.replace("    if where ==", "    print(flush=True)\n    input()\n    if where ==")
    arguments = [str(tmp_path), "unnamed", "0", "link", "0", *NAMES]
    command, pipe = [sys.executable, "-c", script, *arguments], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(BlockingIOError, match="another export is being written into this folder"):
            write(tmp_path, "mine")
        other.communicate("\n")
    assert 0 == other.returncode
    assert WHOLE == content(tmp_path)


def test_of_many_threads_one_exports(tmp_path: Path) -> None:
    """Otherwise files of several exports would lie together."""
    barrier, done = Barrier(8), []

    def run(number: int) -> None:
        barrier.wait()
        with suppress(OSError):
            write(tmp_path, str(number))
            done.append(str(number))

    threads = [Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (only,) = done
    assert dict.fromkeys(sorted(NAMES), only) == content(tmp_path)


KILLED = """
import os, sys
from pathlib import Path
from digital_painschool.application.publishing import publication

folder, way, sent, where, nth, *names = sys.argv[1:]
left = [int(nth)]

def die(*_, **__):
    os.kill(os.getpid(), int(sent))

def counted(real):
    def call(*args, **kwargs):
        left[0] -= 1
        return die() if not left[0] else real(*args, **kwargs)
    return call

if way == "named":
    del os.O_TMPFILE
with publication(Path(folder), names, names) as published:
    for name in names:
        published.open(name).write(b"secret")
    if where == "writing":
        die()
    setattr(os, where, counted(getattr(os, where)))
    published.publish()
die()
"""


@pytest.mark.parametrize(
    ("where", "nth", "sent"),
    [
        ("writing", 1, signal.SIGTERM),
        ("writing", 1, signal.SIGKILL),
        *(("fsync", nth, signal.SIGKILL) for nth in (1, 4, 5)),
        *(("link", nth, signal.SIGKILL) for nth in (1, 2, 3, 5)),
        ("unlink", 2, signal.SIGKILL),
    ],
)
def test_a_killed_export_leaves_nothing_after_the_next_one(
    tmp_path: Path, files: str, where: str, nth: int, sent: signal.Signals
) -> None:
    """Otherwise patients' records would stay in a file that nobody knows of, or half an export pass for a whole one."""
    folder = tmp_path / "export"
    folder.mkdir()
    arguments = [str(folder), files, str(int(sent)), where, str(nth), *NAMES]
    died = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    assert -sent == died.returncode
    left = content(folder)
    assert {"writing", "unnamed"} != {where, files} or {} == left
    # What has its final name but is not of a finished export has the mark beside it.
    marked = any(name.startswith(UNFINISHED) for name in left)
    assert marked or left.keys() & {*NAMES} in (set(), {*NAMES})
    if left.keys() >= {*NAMES} and not marked:
        with pytest.raises(FileExistsError, match="is there already"):
            write(folder)
        assert WHOLE == content(folder)
    else:
        write(folder, "second")
        assert dict.fromkeys(sorted(NAMES), "second") == content(folder)


def _refuse(error: int, after: int, real: Callable[..., object]) -> Callable[..., object]:
    left = [after]

    def call(*args: object, **kwargs: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(error, os.strerror(error))
        return real(*args, **kwargs)

    return call


@pytest.mark.parametrize(
    ("call", "after", "error"),
    [
        *(("fsync", after, errno.ENOSPC) for after in range(5)),
        *(("link", after, errno.ENOSPC) for after in range(3)),
        *(("open", after, errno.ENOSPC) for after in range(1, 4)),
    ],
)
def test_a_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, after: int, error: int
) -> None:
    """Otherwise half an export would stay where nobody looks for it."""
    with monkeypatch.context() as patched:
        patched.setattr(os, call, _refuse(error, after, getattr(os, call)))
        with pytest.raises(OSError, match="No space left on device"):
            write(tmp_path)
    assert {} == content(tmp_path)
    write(tmp_path)


def test_a_disk_that_is_full_while_the_files_are_written_leaves_nothing(tmp_path: Path) -> None:
    """Otherwise closing a file would fail as writing it did, and the file would stay."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write(tmp_path, "x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert {} == content(tmp_path)


@pytest.mark.parametrize("error", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    """Otherwise nobody could export to a network share or a memory stick, or an empty file stand for a failed one."""
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    monkeypatch.setattr(os, "link", _refuse(error, 0, os.link))
    with pytest.raises(FileExistsError):
        write(tmp_path, then=lambda: (tmp_path / NAMES[1]).write_text("planted"))
    assert {NAMES[1]: "planted"} == content(tmp_path)
    (tmp_path / NAMES[1]).unlink()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", _refuse(errno.EIO, 0, Path.replace))
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            write(tmp_path)
    assert {} == content(tmp_path)
    write(tmp_path)
    assert WHOLE == content(tmp_path)


@pytest.mark.parametrize("missing", ["the module", "the lock"])
def test_without_locks_what_is_left_is_named_and_not_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """Otherwise an export would delete what another machine is writing, or nobody export where there are no locks."""
    if missing == "the module":
        monkeypatch.setitem(sys.modules, "fcntl", None)
    else:
        monkeypatch.setattr("fcntl.flock", _refuse(errno.ENOLCK, 0, len))
    (tmp_path / f"{UNFINISHED}x").mkdir()
    with pytest.raises(FileExistsError, match=f"{UNFINISHED}x is there: another export is running, or was killed"):
        write(tmp_path)
    (tmp_path / f"{UNFINISHED}x").rmdir()
    write(tmp_path)
    assert WHOLE == content(tmp_path)


def test_somebody_else_s_file_under_a_name_is_no_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the receipt would speak of a file that somebody has put in the place of the export's."""
    real = os.link

    def swap(source: Path, name: Path, **kwargs: object) -> None:
        real(source, name, **kwargs)  # type: ignore[arg-type]
        if name.parent == tmp_path:
            name.unlink()
            name.write_text("planted")

    monkeypatch.setattr(os, "link", swap)
    with pytest.raises(FileExistsError, match="was replaced by somebody else"):
        write(tmp_path)
    assert {NAMES[0]: "planted"} == content(tmp_path)


# --- through the desk ---


def ended_long_ago() -> tuple[Scenario, str]:
    """Return a school with an ended enrolment that holds a message."""
    school = Scenario()
    id_ = school.start()
    school.room.write(id_, "hemlig text", heading="hemlig rubrik")
    school.desk.end(id_, reason="klar")
    school.advance(days=3660)
    return school, id_


def test_the_folder_is_on_the_disk_before_the_storage_notes_the_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a power cut would take the files, and the purge the records (D-21a)."""
    school, _ = ended_long_ago()
    done: list[str] = []
    real, keep = os.fsync, school.storage.save_record
    named = {0o100000: "file", 0o040000: "folder"}

    def synced(descriptor: int) -> None:
        real(descriptor)
        done.append(named[stat.S_IFMT(os.fstat(descriptor).st_mode)])

    def noted(key: RecordKey, record: Saved, *args: Any, **options: Any) -> Saved:
        done.append("noted")
        return keep(key, record, *args, **options)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(school.storage, "save_record", noted)
    school.office.export(tmp_path / "export")
    assert ["folder", *["file"] * 3, "folder", "folder", "noted"] == done


@pytest.mark.parametrize("folder", ["", " ", "\n", Path()])
def test_a_folder_without_a_name_is_refused(
    folder: str | Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an empty setting would put patients' records into whatever folder the process is in."""
    school, _ = ended_long_ago()
    monkeypatch.chdir(tmp_path)
    with school.unchanged(), pytest.raises(InvalidValue, match="the folder has no name"):
        school.office.export(folder)
    assert {} == content(tmp_path)
    school.office.export(".")
    assert {*NAMES} == content(tmp_path).keys()


def test_two_units_exports_never_mix(tmp_path: Path) -> None:
    """Otherwise one unit would purge records of which the files hold another unit's."""
    mine, id_ = ended_long_ago()
    theirs = mine.school.administrator(OTHER_ARCHIVIST)

    def second(_: int) -> None:
        with pytest.raises(StorageError, match="another export is being written into this folder; choose another"):
            theirs.export(tmp_path)

    receipt = mine.office.export(tmp_path, progress=second)
    assert 1 == receipt.enrolments
    assert id_ == json.loads((tmp_path / "enrolments.jsonl").read_text("utf-8"))["enrolment"]
    with pytest.raises(StorageError, match="is there already"):
        theirs.export(tmp_path)


@pytest.mark.rule("D-21a")
@pytest.mark.parametrize("formats", [[Format.CSV], [Format.JSON_LINES], [*Format]])
def test_only_an_export_of_everything_counts_before_a_purge(tmp_path: Path, formats: list[Format]) -> None:
    """Otherwise a purge would delete messages that are in no export."""
    school, id_ = ended_long_ago()
    plan = school.office.approve(school.office.plan_purge(), decision="RS 2036-1")
    receipt = school.office.export(tmp_path / "export", formats=formats)
    counts = "hemlig text" in "".join(content(tmp_path / "export").values())
    assert (Format.JSON_LINES in formats, counts) == (counts, receipt.is_complete)
    assert counts == (school.office.plan_purge().enrolments[0].exported > 0)
    done = school.office.purge(plan)
    expected = ((id_,), []) if counts else ((), [Skip.NOT_EXPORTED])
    assert expected == (done.purged, [left.why for left in done.skipped])


@pytest.mark.rule("D-21a")
def test_an_export_of_less_takes_no_earlier_one_back(tmp_path: Path) -> None:
    """Otherwise figures for statistics would stop a purge, or stand in for a newer version."""
    school, id_ = ended_long_ago()
    school.office.export(tmp_path / "all")
    school.office.export(tmp_path / "figures", formats=[Format.CSV])
    done = school.office.purge(school.office.approve(school.office.plan_purge(), decision="RS 2036-1"))
    assert (id_,) == done.purged


def test_each_format_says_what_it_holds() -> None:
    """Otherwise a new format would count as everything, or as nothing, by accident."""
    assert {*Format} == FILES_OF.keys()
    assert [*FILES] == [name for names in FILES_OF.values() for name in names]
    assert all(FILES.values())
    assert () == ExportedFile(name="enrolments.csv", lines=0, sha256="").holds


def test_an_error_of_the_system_has_a_reason(tmp_path: Path) -> None:
    """Otherwise an administrator would read that the export could not be written: None."""

    def histories() -> Iterator[History]:
        yield from ()
        raise OSError("secret")

    with pytest.raises(StorageError, match="could not be written: OSError; choose"):
        write_export(tmp_path, [Format.CSV], histories())
