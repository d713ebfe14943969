"""The package of the storage port gives every name that hosts and adapters import."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from digital_painschool import Settings, open_school
from digital_painschool.adapters.memory import MemoryStorage
from digital_painschool.bootstrap.settings import AdapterConfig
from digital_painschool.errors import ConfigurationError
from digital_painschool.ports import storage
from digital_painschool.ports.hooks import AdapterFactory, hookimpl

DOCS = Path(__file__).parents[2] / "docs"
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
    said = f"{REQUIRED} methods that you must write, beside `close`, and {FOR_SPEED} that you may write for speed"
    assert said in (DOCS / "adapter-tutorial.md").read_text("utf-8")
    assert f"{REQUIRED} to write, and {FOR_SPEED} for speed" in (DOCS / "how-to" / "adapters.md").read_text("utf-8")


def test_a_storage_that_lacks_a_required_method_is_refused_by_its_name() -> None:
    """Otherwise an author would learn of it when the first call is made, or from an error without a text."""

    class Half(MemoryStorage):
        claim = storage.Storage.claim
        begin = storage.Storage.begin

    class Plugin:
        @staticmethod
        @hookimpl
        def painschool_storages() -> list[AdapterFactory[storage.Storage]]:
            return [AdapterFactory("half", lambda _: Half())]

    with pytest.raises(ConfigurationError, match="Half is no storage: it has no 'begin', 'claim' to call"):
        open_school(Settings(storage=AdapterConfig("half")), plugins=[Plugin()])


def test_what_follows_from_the_required_methods_is_inherited() -> None:
    """Otherwise what the contract of the memory storage proves of a body would be that of an adapter's own method."""
    methods = {name for name in dir(storage.Storage) if not name.startswith("_")}
    inherited = {name for name in methods if getattr(MemoryStorage, name) is getattr(storage.Storage, name)}
    assert methods - storage.Storage.__abstractmethods__ == inherited
