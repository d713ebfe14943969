"""The access log, the exports and the purge plans in pages, for a data administrator. Rule: M-06, D-21a, D-21c."""

from datetime import datetime

from digital_painschool.application.access_control import access_entry
from digital_painschool.application.enrolment_loading import is_id
from digital_painschool.application.executor import Executor
from digital_painschool.application.pages import ListPage, Span, numbered_page, require_limit
from digital_painschool.application.plan_pages import export_page, plan_page
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor, PersonId
from digital_painschool.domain.retention import ExportReceipt, PlanState, PlanSummary
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.storage import AccessEntry, Excerpt
from digital_painschool.rules.permissions import Action

LogRow = tuple[int, AccessEntry]
"""An entry of the access log after its number."""
_NEWEST = Excerpt(newest_first=True)
_ACTIONS = frozenset(action.value for action in Action)


class AccessLogPages:
    """The access log, the exports and the purge plans of a unit in pages: `AdministratorDesk.pages`."""

    def __init__(self, executor: Executor, actor: Actor) -> None:
        self._executor = executor
        self._actor = actor

    def plans(
        self,
        after: str | None = None,
        *,
        state: PlanState | None = None,
        newest_first: bool = True,
        limit: int = 50,
    ) -> ListPage[PlanSummary]:
        """Return a page of the unit's purge plans: open, approved or carried out, with their receipts. Rule: D-21a.

        Args:
            after: The `next` of the page before; left out, the first page.
            state: Only the plans in this state.
            newest_first: False for the oldest first.
            limit: The most plans, up to 500.

        Raises:
            InvalidValue: Also for a cursor that is damaged, or was made with other filters.
        """
        return plan_page(self._executor, self._actor, after, state, newest_first=newest_first, limit=limit)

    def exports(
        self, after: str | None = None, *, newest_first: bool = True, limit: int = 50
    ) -> ListPage[ExportReceipt]:
        """Return a page of the receipts of the unit's exports: when, by whom, which files. Rule: M-21, D-21a.

        Args:
            after: The `next` of the page before; left out, the first page.
            newest_first: False for the oldest first.
            limit: The most receipts, up to 500.

        Raises:
            InvalidValue: Also for a cursor that is damaged, or was made with other filters.
        """
        return export_page(self._executor, self._actor, after, newest_first=newest_first, limit=limit)

    def access_log(
        self,
        after: str | None = None,
        *,
        person: PersonId | str | None = None,
        by: str | None = None,
        enrolment_id: EnrolmentId | None = None,
        action: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        newest_first: bool = True,
        limit: int = 50,
    ) -> ListPage[LogRow]:
        """Return a page of the unit's access log: who did what with whose data, and when. Rule: M-06, D-21c.

        The walk shows the log as it is when the first page is asked for. The line that each page leaves is on none of
        its pages, so the walk ends.

        Args:
            after: The `next` of the page before; left out, the first page.
            person: Only the entries of this person.
            by: Only what this author did: a member of staff's HSA-id, `"patient"` or `"system"`.
            enrolment_id: Only the entries of this enrolment, which may have been purged.
            action: Only the entries of this action, or of its name.
            since: Only what was done at this instant or later.
            until: Only what was done before this instant.
            newest_first: False for the oldest first.
            limit: The most entries, up to 500.

        Raises:
            InvalidValue: Also for a cursor that is damaged, or was made with other filters.
        """
        reading, access, storage = Action.SEE_ACCESS_LOG, self._executor.access, self._executor.storage
        whose = None
        if person is None:
            access.permit(reading, self._actor)
        else:
            whose = self._executor.persons.identify(reading, self._actor, person)

        def found() -> ListPage[LogRow]:
            size = require_limit(limit)
            span = Span(since=since, until=until, by=by, newest_first=newest_first)
            if enrolment_id is not None and not is_id(enrolment_id):
                raise InvalidValue("enrolment_id is an enrolment's id")
            if action is not None and (not isinstance(action, str) or action not in _ACTIONS):
                raise InvalidValue("action is the name of an action, as an entry has it")

            def read(after: int, up_to: int, most: int) -> tuple[LogRow, ...]:
                return storage.access_entries(
                    self._actor.unit,
                    person=whose,
                    enrolment_id=enrolment_id,
                    action=action,
                    after=after,
                    limit=most,
                    excerpt=span.excerpt(up_to),
                )

            def last() -> int:
                return max((number for number, _ in storage.access_entries(unit, limit=1, excerpt=_NEWEST)), default=0)

            unit = self._actor.unit
            return numbered_page(
                ("access-log", unit, enrolment_id, action, whose is not None, *span.described()),
                after,
                size,
                newest_first=newest_first,
                last=last,
                read=read,
                number=lambda row: row[0],
                zone=self._executor.policy(unit).zone,
            )

        page = access.judge(reading, self._actor, found, person=whose)
        storage.log((access_entry(reading, self._actor, self._executor.now(), person=whose),))
        return page
