"""The outbox in SQL: digests are claimed, begun and completed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from secrets import token_hex
from typing import Any

from digital_painschool.adapters.sql.access_log import ACCESS_BATCH, access_values
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.digest_rows import (
    claims,
    due_counts,
    is_suspect,
    readable_records,
    records,
    result_values,
)
from digital_painschool.adapters.sql.digests import (
    ADD_SUPERSEDED_KEY,
    BEGIN,
    COUNT_DUE,
    IN_ORDER,
    LEASE,
    LOCK_DIGESTS,
    RELEASE,
    SUSPECT,
    free_at,
)
from digital_painschool.adapters.sql.excerpts import LAST_NUMBER
from digital_painschool.adapters.sql.notifications import (
    ADD_TO_BATCH,
    COUNT_ATTEMPT,
    ID_INDEX,
    LOCK_OF_KEY,
    LOCK_PENDING,
    NOT_NOTED,
    OF_ENROLMENT,
    PAGE_OF_ENROLMENT,
    PENDING_OF_DIGESTS,
    REJECT,
    SETTLE,
)
from digital_painschool.adapters.sql.rows import Row, Values
from digital_painschool.domain.digest import (
    LONGEST_SUSPICION,
    Action,
    Batch,
    Claim,
    Decision,
    DeliveryResult,
    batch_key,
    digest_of,
)
from digital_painschool.domain.ids import DigestId, EnrolmentId
from digital_painschool.domain.notification import Channel, NotificationRecord, Status, UnreadableNotification
from digital_painschool.domain.pace import DueCount
from digital_painschool.domain.validation import is_storable
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import NOTHING, AccessEntry


class SqlOutbox:
    """The protocol `Outbox` in SQL. Lease expiry matters to `claim` only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self, now: datetime, limit: int, lease: timedelta, channels: Collection[Channel] | None = None
    ) -> tuple[Claim, ...]:
        token, some = token_hex(16), channels is not None
        due = {**free_at(now), "suspected_until": now - LONGEST_SUSPICION}
        if channels is not None:
            due["channels"] = sorted(channel.value for channel in channels)

        def work(connection: Connection) -> tuple[list[Row], list[Row]]:
            found = connection.fetch_each(IN_ORDER[False, some], {**due, "limit": limit})
            if len(found) < limit:
                found += connection.fetch_each(IN_ORDER[True, some], {**due, "limit": limit - len(found)})
            claimed = [*takewhile(lambda row: not is_suspect(row), found)]
            if not claimed:
                claimed = connection.fetch_each(SUSPECT[some], {**due, "limit": min(limit, 1)})
            ids = [row[0] for row in claimed if isinstance(row[0], str)]
            if not ids:
                return [], []
            connection.execute(LEASE, {"ids": ids, "token": token, "lease_until": now + lease})
            return claimed, connection.fetch_each(PENDING_OF_DIGESTS, {"ids": ids})

        # When no claimed digest can be read, the digests behind them must not wait for the next run.
        while True:
            claimed, pending = self._database.write(work)
            readable = tuple(claims(claimed, pending, token))
            if readable or not claimed:
                return readable

    def count_due(self, now: datetime) -> tuple[DueCount, ...]:
        rows = self._database.read(lambda connection: connection.fetch_each(COUNT_DUE, free_at(now)))
        return tuple(due_counts(rows))

    def begin(self, decided: Sequence[tuple[Claim, Decision]]) -> Mapping[DigestId, Batch]:
        return self._database.write(lambda connection: self._begin(connection, decided)) if decided else {}

    def complete(
        self, results: Sequence[DeliveryResult], access: Mapping[DigestId, Sequence[AccessEntry]] = NOTHING
    ) -> None:
        if results:
            self._database.write(lambda connection: self._complete(connection, results, access))

    def reject(self, key: str, at: datetime) -> int:
        if not is_storable(key):
            return 0
        return self._database.write(lambda connection: _reject(connection, key, at))

    def notifications(
        self,
        enrolment_id: EnrolmentId,
        *,
        newest_first: bool = False,
        after: tuple[int, str] | None = None,
        limit: int | None = None,
    ) -> tuple[NotificationRecord | UnreadableNotification, ...]:
        if not is_storable(enrolment_id):
            return ()
        statement, values = OF_ENROLMENT, dict[str, Any](enrolment_id=enrolment_id)
        if newest_first or after is not None or limit is not None:
            seq, id_ = after or ((LAST_NUMBER, "") if newest_first else (0, ""))
            statement = PAGE_OF_ENROLMENT[newest_first]
            values |= {"seq": seq, "id": id_, "limit": LAST_NUMBER if limit is None else limit}
        return tuple(records(self._database.read(lambda connection: connection.fetch_each(statement, values))))

    def unnoted(self, *, after: str = "", limit: int = 1000) -> tuple[NotificationRecord, ...]:
        # When no row of a page can be read, the next page is read too.
        while rows := self._database.read(partial(_page, after=after, limit=limit)):
            found = tuple(readable_records(rows))
            after = rows[-1][ID_INDEX]
            if found or not isinstance(after, str):
                return found
        return ()

    def _begin(self, connection: Connection, decided: Sequence[tuple[Claim, Decision]]) -> Mapping[DigestId, Batch]:
        claimed = _lock_claimed(connection, {claim.digest.id: claim.token for claim, _ in decided})
        wanted = [id_ for claim, decision in decided if claim.digest.id in claimed for id_ in decision.notifications]
        locked = connection.fetch_all(LOCK_PENDING, {"ids": sorted(wanted)})
        pending: dict[str, int] = {row[0]: row[1] for row in locked}
        begun: dict[DigestId, Batch] = {}
        released: list[Values] = []
        superseded: list[Values] = []
        for claim, decision in decided:
            digest_id = claim.digest.id
            if digest_id not in claimed:
                continue
            ids = decision.notifications & pending.keys()
            if not ids:
                released.append({"digest_id": digest_id, "told_on": None, "next_at": None, "lost": 0})
                continue
            before, unit = claimed[digest_id]
            key = before
            if key is None or decision.action is Action.SEND:
                key = batch_key(digest_id, ids, pending)
            if before not in {None, key}:
                superseded.append({"digest_id": digest_id, "key": before, "unit": unit})
            begun[digest_id] = Batch(key=key, notifications=ids, attempted_on=decision.day)
        single = self._database.prefers_single_round_trip
        connection.execute_many(ADD_SUPERSEDED_KEY, superseded)
        rows = [{"digest_id": id_, "key": b.key, "day": b.attempted_on.isoformat()} for id_, b in begun.items()]
        BEGIN.run(connection, rows, single_statement=single)
        connection.execute(ADD_TO_BATCH, {"ids": [id_ for batch in begun.values() for id_ in batch.notifications]})
        RELEASE.run(connection, released, single_statement=single)
        return begun

    def _complete(
        self,
        connection: Connection,
        results: Sequence[DeliveryResult],
        access: Mapping[DigestId, Sequence[AccessEntry]],
    ) -> None:
        claimed = _lock_claimed(connection, {result.digest_id: result.token for result in results})
        accepted = [result for result in results if result.digest_id in claimed]
        single = self._database.prefers_single_round_trip
        # An ending may cancel the same notifications at this moment. Both lock them by rising id; an ending cancels
        # none that was begun.
        unsent = [id_ for r in accepted for id_, status in r.settled.items() if status is not Status.DELIVERED]
        if unsent:
            connection.fetch_all(LOCK_PENDING, {"ids": sorted(unsent)})
        retried = [id_ for result in accepted for id_ in result.attempted - result.settled.keys()]
        if retried:
            connection.execute(COUNT_ATTEMPT, {"ids": sorted(retried)})
        settled = [row for result in accepted for row in result_values(result)]
        SETTLE.run(connection, settled, single_statement=single)
        RELEASE.run(connection, [_release_values(result) for result in accepted], single_statement=single)
        entries = [access_values(entry) for result in accepted for entry in access.get(result.digest_id, ())]
        ACCESS_BATCH.run(connection, entries, single_statement=single)


def _reject(connection: Connection, key: str, at: datetime) -> int:
    of_key = {"digest_id": digest_of(key), "key": key}
    statuses = [status for (status,) in connection.fetch_all(LOCK_OF_KEY, of_key)]
    if Status.PENDING.value in statuses:
        raise Conflict("the result of the send is not stored yet; report it again in a while")
    if Status.DELIVERED.value not in statuses:
        return 0
    return connection.execute(REJECT, {**of_key, "rejected_at": at})


def _page(connection: Connection, *, after: str, limit: int) -> list[Row]:
    return connection.fetch_each(NOT_NOTED, {"after": after, "limit": limit})


def _release_values(result: DeliveryResult) -> Values:
    return {
        "digest_id": result.digest_id,
        "told_on": None if result.told_on is None else result.told_on.isoformat(),
        "next_at": result.next_at,
        "lost": result.lost,
    }


def _lock_claimed(connection: Connection, tokens: Mapping[str, str]) -> Mapping[str, tuple[str | None, str]]:
    """Lock the digests whose present fencing token is the given one; return their batches' keys and their units."""
    rows = connection.fetch_all(LOCK_DIGESTS, {"ids": sorted(tokens)})
    return {id_: (key, unit) for id_, token, key, unit in rows if token == tokens[id_]}
