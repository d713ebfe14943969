"""The audit: everything that is wrong with the evidence, in sentences."""

from proofs.chaos.audit_calls import calls_wrong
from proofs.chaos.audit_claims import claims_wrong
from proofs.chaos.audit_notices import notices_wrong
from proofs.chaos.audit_notifications import notifications_wrong
from proofs.chaos.audit_steps import steps_wrong
from proofs.chaos.audit_timelines import timelines_wrong
from proofs.chaos.evidence import Evidence

_AUDITS = (timelines_wrong, steps_wrong, notifications_wrong, claims_wrong, notices_wrong, calls_wrong)


def findings(evidence: Evidence) -> tuple[str, ...]:
    """Return everything that is wrong; nothing, when the evidence is exact."""
    return tuple(found for audit in _AUDITS for found in audit(evidence))
