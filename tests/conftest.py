"""What all tests share."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that ties a test to a rule of the manual."""
    config.addinivalue_line("markers", "rule(id): the rule that the test is an example of, such as M-17 or D-13a")
