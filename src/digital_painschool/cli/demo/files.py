"""The files of the demo: its SQLite file and the folder beside it; it replaces only its own."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import click
from attrs import frozen

from digital_painschool import InvalidValue
from digital_painschool.adapters.paths import absolute
from digital_painschool.domain.policy_sets import WEEKLY_FEEDBACK
from digital_painschool.serialization.text_files import read_text

_OWN = 0x5041494E
"""The application id in the header of an SQLite file that the demo made: "PAIN"."""

OTHER_UNIT = "SE2321000131-E000000000002"
"""A unit that works by weekly feedback."""

_MARK = "# Made by digital-painschool demo; the next run replaces this folder.\n"

STAFF = """\
# The staff directory: another system's, as seen from here. Björn has no address in it.
["SE2321000131-P000000000001"]
name = "Anna"
units = ["SE2321000131-E000000000001"]
email = "anna@example.org"

["SE2321000131-P000000000002"]
name = "Björn"
units = ["SE2321000131-E000000000001"]
"""


@frozen
class DemoFiles:
    """The demo's file and folder.

    Args:
        file: The SQLite file, as it was typed.
        folder: The folder beside it.
    """

    file: Path
    folder: Path

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.folder / "settings.toml"

    @property
    def mail(self) -> Path:
        """The folder of e-mail to staff: one file a message."""
        return self.folder / "mail"

    @property
    def export(self) -> Path:
        """The folder of the export."""
        return self.folder / "export"

    @property
    def receipt(self) -> Path:
        """The file of the purge receipt, apart from the database."""
        return self.folder / "receipt.json"


def prepare(file: Path) -> DemoFiles:
    """Delete the files of an earlier demo, and create an empty file, settings and a staff directory.

    Raises:
        click.UsageError: The file or the folder is not from a demo, or the path names no file.
        OSError: The folder cannot be written.
    """
    if not file.name or not absolute(file).name:
        raise click.UsageError("--file names a file")
    files = DemoFiles(file, file.with_name(f"{file.stem}-files"))
    if file.exists() and not (file.is_file() and _is_own(file)):
        raise click.UsageError(f"{file} is there and not from a demo; choose another --file")
    if files.folder.exists() and not _is_marked(files.settings):
        raise click.UsageError(f"{files.folder} is there and not from a demo; choose another --file")
    for left in (file, *(file.with_name(file.name + ending) for ending in ("-wal", "-shm", "-journal"))):
        left.unlink(missing_ok=True)
    if files.folder.exists():
        shutil.rmtree(files.folder)
    files.folder.mkdir(0o700, parents=True)
    files.settings.write_text(_settings(file), "utf-8")
    (files.folder / "staff.toml").write_text(STAFF, "utf-8")
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(file)) as database:
        database.execute(f"PRAGMA application_id = {_OWN}")
    return files


def _settings(file: Path) -> str:
    url = json.dumps(f"sqlite:///{file.absolute().as_posix()}", ensure_ascii=False)
    return f"""{_MARK}
storage = {url} # the patients' inbox is kept in the same file
directory = {{ name = "toml", path = "staff.toml" }}
units = {{ {OTHER_UNIT} = {{ policy_set = "{WEEKLY_FEEDBACK}" }} }}

[[messengers]]
name = "files"
channel = "email"
folder = "mail"
"""


def _is_own(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            found: tuple[int] = database.execute("PRAGMA application_id").fetchone()
    except sqlite3.Error:
        return False
    return found == (_OWN,)


def _is_marked(settings: Path) -> bool:
    try:
        return read_text(settings).startswith(_MARK)
    except InvalidValue:
        return False
