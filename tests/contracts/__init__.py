"""What every adapter of a port must keep, as test classes: subclass one, give its fixture, and run it."""

import pytest

pytest.register_assert_rewrite(
    *(
        f"{__name__}.{name}"
        for name in ("caseload", "enrolments", "inbox", "messaging", "outbox", "registers", "retention", "storage")
    )
)
