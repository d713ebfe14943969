"""The catalogue of seeded bugs, by where they are."""

from proofs.seeded_bugs.bug import Bug
from proofs.seeded_bugs.bugs.adapters import BUGS as ADAPTERS
from proofs.seeded_bugs.bugs.attention import BUGS as ATTENTION
from proofs.seeded_bugs.bugs.delivery import BUGS as DELIVERY
from proofs.seeded_bugs.bugs.drafts import BUGS as DRAFTS
from proofs.seeded_bugs.bugs.edges import BUGS as EDGES
from proofs.seeded_bugs.bugs.exports import BUGS as EXPORTS
from proofs.seeded_bugs.bugs.gateways import BUGS as GATEWAYS
from proofs.seeded_bugs.bugs.handing_over import BUGS as HANDING_OVER
from proofs.seeded_bugs.bugs.joining import BUGS as JOINING
from proofs.seeded_bugs.bugs.maintenance import BUGS as MAINTENANCE
from proofs.seeded_bugs.bugs.memory import BUGS as MEMORY
from proofs.seeded_bugs.bugs.operations import BUGS as OPERATIONS
from proofs.seeded_bugs.bugs.pace import BUGS as PACE
from proofs.seeded_bugs.bugs.pages import BUGS as PAGES
from proofs.seeded_bugs.bugs.permissions import BUGS as PERMISSIONS
from proofs.seeded_bugs.bugs.repeating import BUGS as REPEATING
from proofs.seeded_bugs.bugs.retention import BUGS as RETENTION
from proofs.seeded_bugs.bugs.rules import BUGS as RULES
from proofs.seeded_bugs.bugs.simulation import BUGS as SIMULATION
from proofs.seeded_bugs.bugs.smtp import BUGS as SMTP
from proofs.seeded_bugs.bugs.sql import BUGS as SQL
from proofs.seeded_bugs.bugs.state import BUGS as STATE
from proofs.seeded_bugs.bugs.summaries import BUGS as SUMMARIES
from proofs.seeded_bugs.bugs.turns import BUGS as TURNS
from proofs.seeded_bugs.bugs.withdrawal import BUGS as WITHDRAWAL

BUGS: tuple[Bug, ...] = (
    *RULES,
    *STATE,
    *MAINTENANCE,
    *ATTENTION,
    *PERMISSIONS,
    *PAGES,
    *DELIVERY,
    *SUMMARIES,
    *OPERATIONS,
    *PACE,
    *TURNS,
    *RETENTION,
    *REPEATING,
    *DRAFTS,
    *WITHDRAWAL,
    *EXPORTS,
    *EDGES,
    *HANDING_OVER,
    *MEMORY,
    *SIMULATION,
    *SQL,
    *ADAPTERS,
    *SMTP,
    *GATEWAYS,
    *JOINING,
)
