"""The steps of a data administrator: export, plan, approve and purge."""

from attrs import frozen

from digital_painschool.domain.ids import PlanId
from digital_painschool.ports.storage import load_purge
from digital_painschool.testing.history.step import NOBODY, AdministratorStep
from digital_painschool.testing.scenario import Scenario

__all__ = ["ApprovePurge", "Export", "PlanPurge", "Purge"]


@frozen(repr=False)
class Export(AdministratorStep):
    """An export, into a new folder of the scenario's environment."""

    def take(self, scenario: Scenario) -> object:
        folder = scenario.environment.folder
        earlier = len(list(folder.glob("export-*")))
        return self.office(scenario).export(folder / f"export-{earlier + 1}")


@frozen(repr=False)
class PlanPurge(AdministratorStep):
    """The plan of a purge."""

    def take(self, scenario: Scenario) -> object:
        return self.office(scenario).plan_purge()


def last_plan(scenario: Scenario) -> PlanId:
    """Return the id of the plan that was made last, or `NOBODY`."""
    given = map(PlanId, reversed(scenario.ids))
    return next((id_ for id_ in given if load_purge(scenario.ports.storage, id_).plan is not None), PlanId(NOBODY))


@frozen(repr=False)
class ApprovePurge(AdministratorStep):
    """The approval of the plan that was made last."""

    decision: str = "Beslut 1"

    def take(self, scenario: Scenario) -> object:
        return self.office(scenario).approve(last_plan(scenario), decision=self.decision)


@frozen(repr=False)
class Purge(AdministratorStep):
    """The execution of the plan that was made last."""

    def take(self, scenario: Scenario) -> object:
        return self.office(scenario).purge(last_plan(scenario))
