"""The package of the storage port gives every name that hosts and adapters import."""

from importlib import import_module
from pkgutil import iter_modules

from digital_painschool.ports import storage

INTERNAL = {"mask_documents"}


def test_the_package_gives_every_public_name_of_its_files() -> None:
    """Otherwise an adapter would have to know the file of a value, and break when the value moves."""
    files = [import_module(f"{storage.__name__}.{file.name}") for file in iter_modules(storage.__path__)]
    own = {
        name
        for file in files
        for name, value in vars(file).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == file.__name__
    }
    assert len(files) == 16
    assert {name for name in own if name not in {"Value", "Row"}} - INTERNAL <= set(storage.__all__)
    assert all(hasattr(storage, name) for name in storage.__all__)


def test_the_storage_is_made_of_the_small_protocols() -> None:
    """Otherwise a protocol could be forgotten, and an adapter without it would pass as a storage."""
    parts = {storage.Enrolments, storage.Caseload, storage.Outbox, storage.Records, storage.AccessLog}
    assert parts | {storage.Drafts, storage.Operations, storage.Retention} <= set(storage.Storage.__mro__)


REQUIRED, FOR_SPEED = 24, 9
"""The numbers of methods that an adapter has to write, and may write for speed; the documentation repeats them."""


def test_the_port_stays_as_small_as_it_is() -> None:
    """Otherwise each feature would give every author of a storage more to write, and nobody would notice."""
    methods = {name for name in dir(storage.Storage) if not name.startswith("_")}
    required = storage.Storage.__abstractmethods__
    assert (REQUIRED, FOR_SPEED) == (len(required - {"close"}), len(methods - required))
