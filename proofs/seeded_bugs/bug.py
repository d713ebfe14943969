"""A seeded bug: some lines of a module that are replaced, and what of the kit must notice."""

from pathlib import Path

from attrs import Factory, frozen

import digital_painschool

_PACKAGE = Path(digital_painschool.__file__).parent


@frozen
class Catcher:
    """What of the kit must notice a bug.

    Args:
        test: The test, as pytest is asked for it, from the folder of the suites.
        says: What its output must say, as a regular expression: the law, or the clause that is broken. Left out,
            it is the name of the test: that the test fails is enough.
        seed: With which seed a test that draws by chance looks first: one that finds it soon.
    """

    test: str
    says: str = Factory(lambda self: self.test.rpartition("::")[2].partition("[")[0], takes_self=True)
    seed: int = 1


@frozen
class Bug:
    """A bug that somebody could make.

    Args:
        name: What it is known by.
        harm: What it would do to people.
        module: The module that it is in, without the package's name.
        old: The lines that stand there; they come exactly once.
        new: The lines that are put in their place.
        caught_by: What must notice; each of these must.
    """

    name: str
    harm: str
    module: str
    old: str
    new: str
    caught_by: tuple[Catcher, ...]

    @property
    def file(self) -> Path:
        """The file that the bug is in."""
        return _PACKAGE / f"{self.module.replace('.', '/')}.py"

    def put_into(self, source: str) -> str:
        """Return a module's source with the bug.

        Raises:
            ValueError: What is to be replaced does not come exactly once: the module has changed.
        """
        if source.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.old!r} comes {source.count(self.old)} times in {self.module}")
        return source.replace(self.old, self.new)
