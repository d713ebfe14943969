"""Laws 1 to 4, 6, 8 and 9: after any history the books agree with a model that knows no rule file."""

import pytest

from digital_painschool.testing.environment import PortsFactory, in_memory
from tests.laws.machines import run

pytestmark = pytest.mark.search


@pytest.mark.parametrize("focus", ["treatment", "maintenance", "everything"])
def test_whatever_happens_the_books_agree_with_the_model(ports_factory: PortsFactory, focus: str) -> None:
    """Otherwise some order of steps would give a state, a flag or an access that no rule gives."""
    run(ports_factory, focus, 20 if ports_factory is in_memory else 8)


@pytest.mark.parametrize("focus", ["treatment", "maintenance", "messages", "records", "everything"])
def test_whatever_happens_postgresql_agrees(on_postgresql: PortsFactory, focus: str) -> None:
    """Otherwise a region's own database would do what no test has seen."""
    run(on_postgresql, focus, 2)
