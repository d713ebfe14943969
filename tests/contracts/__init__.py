"""What every adapter of a port must keep, as test classes: subclass one, give its fixture, and run it."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.storage", f"{__name__}.inbox", f"{__name__}.messaging")
