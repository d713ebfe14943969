"""Every mistake of `tests/kit/wrong` is caught, by a test of the clause that it breaks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from digital_painschool.adapters.file_messenger import FileMessenger
from digital_painschool.adapters.memory import MemoryDirectory, MemoryInbox, MemoryMessenger, MemoryStorage
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.adapters.toml_directory import TomlDirectory
from digital_painschool.domain.notification import Channel
from digital_painschool.errors import StorageError
from digital_painschool.testing.contracts import DirectoryContract, InboxContract, MessengerContract, StorageContract
from tests import arrivals
from tests.databases import cut_record
from tests.kit import served
from tests.kit.contract_runs import contract_of, failure_of
from tests.kit.pickled import PickledStorage, stop_writing
from tests.kit.wrong import (
    atomicity,
    attention,
    calls,
    channels,
    drafts,
    enrolments,
    forgetting,
    operations,
    outbox,
    paces,
    pages,
    registers,
    retention,
    senders,
    whole,
    withdrawals,
)
from tests.kit.wrong.mistake import Mistake, mistakes_of
from tests.staff_file import staff_file
from tests.stopping import stop_transactions


@frozen
class Subject:
    """A right adapter, and how its contract is run on it.

    Args:
        contract: The contract.
        adapter: The class of the adapter.
        make: Makes an adapter of a class, which may be wrong, at a place.
        hooks: The attributes of the contract.
    """

    contract: type[Any]
    adapter: type
    make: Callable[[Any, Path], object]
    hooks: dict[str, Any]

    def with_(self, mistake: Mistake | None) -> Any:
        """Return the contract on an adapter with a mistake."""
        adapter = self.adapter if mistake is None else mistake.within(self.adapter)
        return contract_of(self.contract, lambda place: self.make(adapter, place), **self.hooks)


class OnSqlite:
    """A storage on SQLite in which the methods that are made wrong are the class's, as a mistake needs it."""

    def __init__(self, url: str) -> None:
        self._storage = SqlStorage(url, migrate=True)

    def save_record(self, *args: Any, **options: Any) -> Any:
        """Save a record."""
        return self._storage.save_record(*args, **options)

    def save_draft(self, *args: Any, **options: Any) -> Any:
        """Save a draft."""
        return self._storage.save_draft(*args, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


STORAGE = Subject(
    StorageContract,
    MemoryStorage,
    lambda adapter, _: adapter(),
    {
        "durable": False,
        "answers_within": 0.3,
        "full": StorageError("there is no memory left"),
        "before_each_write": lambda _, storage, stop: stop_transactions(storage, stop),
    },
)
FILE = Subject(
    StorageContract,
    PickledStorage,
    lambda adapter, place: adapter(place),
    {"before_each_write": lambda _, storage, stop: stop_writing(storage, stop)},
)
SQL = Subject(
    StorageContract,
    OnSqlite,
    lambda adapter, place: adapter(_file(place)),
    {"damage_record": lambda _, place, key: cut_record(_file(place), key)},
)
INBOX = Subject(
    InboxContract,
    MemoryInbox,
    lambda adapter, _: adapter(),
    {"durable": False, "arrived": lambda _, __, inbox: arrivals.of_notices(inbox.delivered)},
)
MESSENGER = Subject(
    MessengerContract,
    MemoryMessenger,
    lambda adapter, _: adapter(Channel.EMAIL),
    {"durable": False, "arrived": lambda _, __, messenger: arrivals.of_messages(messenger.sent)},
)
FILE_MESSENGER = Subject(
    MessengerContract,
    FileMessenger,
    lambda adapter, place: adapter(Channel.EMAIL, place / "messages"),
    {"arrived": lambda _, place, __: arrivals.of_files(place / "messages")},
)
SERVED_INBOX = Subject(
    InboxContract,
    served.ServedInbox,
    lambda adapter, place: adapter(place),
    {
        "durable": False,
        "secrets": (served.TOKEN,),
        "answers_within": 5.0,
        "spoil": lambda _, place: served.take_down(place),
        "mend": lambda _, place: served.bring_up(place),
        "busy": lambda _, place, seconds: served.make_busy(place, seconds),
        "hanging": lambda _, place: served.hanging(place),
    },
)
ACCOUNTS = Subject(
    InboxContract,
    served.ServedInbox,
    SERVED_INBOX.make,
    {
        **SERVED_INBOX.hooks,
        **INBOX.hooks,
        "unreachable": served.NOBODY,
        "give_account": lambda _, place, __: (place / "account").touch(),
    },
)
SERVED_MESSENGER = Subject(
    MessengerContract,
    served.ServedMessenger,
    lambda adapter, place: adapter(place),
    {**SERVED_INBOX.hooks, **MESSENGER.hooks, "refused": served.REFUSED},
)
DIRECTORY = Subject(
    DirectoryContract,
    MemoryDirectory,
    lambda adapter, _: adapter(
        {str(hsa_id): entry for hsa_id, entry in DirectoryContract.known.items()}, DirectoryContract.staff
    ),
    {},
)
FILE_DIRECTORY = Subject(
    DirectoryContract,
    TomlDirectory,
    lambda adapter, place: adapter(_staff_file(place)),
    {
        "spoil": lambda _, place: (place / "staff.toml").write_text("[", "utf-8"),
        "leave": lambda _, place, hsa_id: _staff_file(place, without=hsa_id),
        "double": lambda _, place, hsa_id: (place / "staff.toml").write_text(
            f'["{hsa_id.lower()}"]\nemail = "annan@b.example"\n{(place / "staff.toml").read_text("utf-8")}', "utf-8"
        ),
    },
)
MISTAKES = (
    (STORAGE, enrolments.STORAGE),
    (STORAGE, calls.STORAGE),
    (STORAGE, drafts.STORAGE),
    (STORAGE, outbox.STORAGE),
    (STORAGE, operations.STORAGE),
    (STORAGE, paces.STORAGE),
    (STORAGE, registers.STORAGE),
    (STORAGE, pages.STORAGE),
    (STORAGE, retention.STORAGE),
    (STORAGE, withdrawals.STORAGE),
    (STORAGE, forgetting.STORAGE),
    (STORAGE, attention.STORAGE),
    (STORAGE, whole.STORAGE),
    (STORAGE, atomicity.STORAGE),
    (FILE, atomicity.FILE),
    (SQL, registers.SQL),
    (INBOX, channels.INBOX),
    (INBOX, senders.INBOX),
    (MESSENGER, channels.MESSENGER),
    (FILE_MESSENGER, senders.FILE_MESSENGER),
    (SERVED_INBOX, channels.SERVED_INBOX),
    (ACCOUNTS, senders.SERVED_INBOX),
    (SERVED_MESSENGER, channels.SERVED_MESSENGER),
    (MESSENGER, senders.MESSENGER),
    (DIRECTORY, channels.DIRECTORY),
    (FILE_DIRECTORY, channels.FILE_DIRECTORY),
)


def _file(folder: Path) -> str:
    return f"sqlite:///{folder}/painschool.db"


def _staff_file(folder: Path, without: object = None) -> Path:
    path = folder / "staff.toml"
    staff = {unit: [one for one in of if one.hsa_id != without] for unit, of in DirectoryContract.staff.items()}
    path.write_text(staff_file(DirectoryContract.known, staff), "utf-8")
    return path


def cases() -> Iterator[Any]:
    """Yield each mistake with its subject."""
    for subject, table in MISTAKES:
        for mistake in mistakes_of(table):
            yield pytest.param(subject, mistake, id=f"{subject.adapter.__name__}-{mistake.name}")


@pytest.mark.parametrize(("subject", "mistake"), [*cases()])
def test_a_mistake_is_caught_by_its_clause(
    subject: Subject,
    mistake: Mistake,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Otherwise a clause would be proven by tests that cannot fail."""
    wrong = subject.with_(mistake)
    nobody = getattr(wrong, "refused", None) or getattr(wrong, "unreachable", None)
    failure = failure_of(wrong, mistake.clause, tmp_path, nobody=nobody, caplog=caplog, capfd=capfd)
    assert failure is not None, f"not caught by any test of {mistake.clause}"
    lacking = failure.obj if isinstance(failure, AttributeError) else None
    assert not type(lacking).__module__.startswith("digital_painschool.adapters"), "the mistake itself is broken"
