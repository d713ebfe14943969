"""The audit: everything that is wrong with the books, in sentences."""

from proofs.chaos.audit_calls import calls_wrong
from proofs.chaos.audit_claims import claims_wrong
from proofs.chaos.audit_notices import notices_wrong
from proofs.chaos.audit_steps import steps_wrong
from proofs.chaos.audit_timelines import timelines_wrong
from proofs.chaos.audit_told import told_wrong
from proofs.chaos.books import Books

_AUDITS = (timelines_wrong, steps_wrong, told_wrong, claims_wrong, notices_wrong, calls_wrong)


def findings(books: Books) -> tuple[str, ...]:
    """Return everything that is wrong; nothing, when the books are exact."""
    return tuple(found for audit in _AUDITS for found in audit(books))
