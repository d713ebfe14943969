"""A pytest plugin that puts the bug in which the environment names, while its module is imported.

    SEEDED_BUG=name python -m pytest -p proofs.seeded_bugs.apply ...

No file is changed.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from hypothesis import HealthCheck, Phase, settings

from proofs.seeded_bugs.bug import Bug

VARIABLE = "SEEDED_BUG"
PROFILE = "found is enough"
settings.register_profile(
    PROFILE,
    deadline=None,
    derandomize=False,  # each look sees other histories, on a machine too where Hypothesis finds CI in the environment
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.explicit, Phase.generate],  # not made shorter: nobody reads it
    report_multiple_bugs=False,
)


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads one module from its changed source, and leaves no compiled file of it behind."""

    def __init__(self, name: str, path: str, bug: Bug) -> None:
        super().__init__(name, path)
        self._bug = bug

    def get_code(self, fullname: str) -> object:  # type: ignore[override]
        source = self.get_data(self.path).decode("utf-8")
        return compile(self._bug.put_into(source), self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, bug: Bug) -> None:
        self._name = f"digital_painschool.{bug.module}"
        self._bug = bug

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        file = str(self._bug.file)
        return importlib.util.spec_from_file_location(fullname, file, loader=_Loader(fullname, file, self._bug))


def put_in(bug: Bug) -> None:
    """Put a bug in from now on: its module must not be loaded yet."""
    if f"digital_painschool.{bug.module}" in sys.modules:
        raise RuntimeError(f"{bug.module} is loaded already: the bug would not be there")
    sys.meta_path.insert(0, _Finder(bug))
    if ".migrations.versions." in bug.module:
        _put_into_migration(bug)


def _put_into_migration(bug: Bug) -> None:
    """Alembic reads the files of its versions by itself, and asks no finder."""
    from alembic.util import pyfiles

    load = pyfiles.load_module_py

    def load_with_bug(module_id: str, path: str | os.PathLike[str]) -> ModuleType:
        if os.fspath(path) != str(bug.file):
            return load(module_id, path)
        loader = _Loader(module_id, str(bug.file), bug)
        spec = importlib.util.spec_from_file_location(module_id, path, loader=loader)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        loader.exec_module(module)
        return module

    pyfiles.load_module_py = load_with_bug


if VARIABLE in os.environ:
    from proofs.seeded_bugs.bugs import BUGS

    put_in(next(bug for bug in BUGS if bug.name == os.environ[VARIABLE]))
