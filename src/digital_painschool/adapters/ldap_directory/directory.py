"""The staff directory by LDAP."""

import logging
import os
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import TypeVar
from weakref import WeakSet

from digital_painschool.adapters.ldap_directory.entries import staff_entry, staff_member
from digital_painschool.adapters.ldap_directory.exchange import Deadline
from digital_painschool.adapters.ldap_directory.failures import FAILURES, LdapFailure, problem_of
from digital_painschool.adapters.ldap_directory.options import LdapOptions, Server
from digital_painschool.adapters.ldap_directory.problems import PASSING, Problem
from digital_painschool.adapters.ldap_directory.searches import Searches
from digital_painschool.adapters.ldap_directory.session import Session, open_session
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.directory import StaffEntry, StaffMember

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_IDLE_SECONDS = 30.0
"""How long a connection is kept between questions: firewalls drop older ones in silence."""
_IDLE_MOST = 4
_ATTEMPTS = 2
_FINAL = frozenset({Problem.BIND_REFUSED})
"""The problems with which no further server is tried: too many wrong passwords lock an account."""


class LdapDirectory:
    """A staff directory that is asked by LDAP, read only. Rule: M-22, D-09b, D-23a.

    Nothing is connected before the first question. A connection belongs to one question at a time, and is kept for half
    a minute after it. A question whose connection is lost is asked once more, on a new one.

    Args:
        options: Which servers, which account, and where the entries lie.

    Raises:
        ConfigurationError: The password or the certificates cannot be read, or a DN or a filter is malformed.
    """

    def __init__(self, options: LdapOptions) -> None:
        self._options = options
        self._servers = options.servers
        self._password = options.secret()
        self._tls = options.tls()
        self._searches = Searches(options)
        # Popping and appending are atomic, so that no lock has to survive a fork.
        self._idle: deque[Session] = deque()
        self._is_closed = False
        _DIRECTORIES.add(self)

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        """Return the entry of a member of staff, or None.

        Raises:
            DeliveryError: The directory cannot answer at the moment, or has several entries with the HSA-id.
        """
        wanted = HsaId(hsa_id)
        person = self._ask(lambda session, until: self._searches.person(session, wanted, until))
        return None if person is None else staff_entry(person, self._options)

    def works_at(self, unit: HsaId, hsa_id: HsaId) -> bool:
        """Return whether a member of staff works at a unit, by the option `membership`.

        Raises:
            DeliveryError: The directory cannot answer at the moment, or has several entries with an HSA-id.
        """
        there, wanted = HsaId(unit), HsaId(hsa_id)
        return self._ask(lambda session, until: self._searches.works_at(session, there, wanted, until))

    def staff_of(self, unit: HsaId, limit: int) -> tuple[StaffMember, ...]:
        """Return the staff of a unit; an HSA-id that several entries have is left out.

        Raises:
            DeliveryError: The directory cannot answer at the moment, or its size limit cuts the list short.
        """
        there = HsaId(unit)
        found = self._ask(lambda session, until: self._searches.members(session, there, limit, until))
        return tuple(staff_member(entry, hsa_id, self._options) for hsa_id, entry in found.items())

    def close(self) -> None:
        """Close the connections; every later question raises `DeliveryError`."""
        self._is_closed = True
        self._close_idle()

    def leave_to_parent(self) -> None:
        """Release the parent's connections in a child process."""
        while self._idle:
            self._idle.pop().leave_to_parent()

    def __repr__(self) -> str:
        return f"LdapDirectory({', '.join(map(str, self._options.servers))})"

    def _ask(self, question: Callable[[Session, Deadline], _T]) -> _T:
        until = Deadline.after(self._options.seconds)
        problem = Problem.CLOSED
        for _ in range(_ATTEMPTS):
            try:
                return self._answer(question, until)
            except FAILURES as error:
                problem = problem_of(error)
            if problem not in PASSING:
                break
            self._close_idle()
        # Raised out here, so that no text of a server hangs on the error as its context.
        raise DeliveryError(f"staff directory by LDAP: {problem.value}")

    def _answer(self, question: Callable[[Session, Deadline], _T], until: Deadline) -> _T:
        session = self._session(until)
        try:
            answer = question(session, until)
        except BaseException as error:
            session.close()
            if isinstance(error, FAILURES) and problem_of(error) in {*PASSING, Problem.NO_ANSWER}:
                self._put_last(session.server)
            raise
        self._put_back(session)
        return answer

    def _session(self, until: Deadline) -> Session:
        if self._is_closed:
            raise LdapFailure(Problem.CLOSED)
        while self._idle:
            try:
                session = self._idle.pop()
            except IndexError:
                break  # another thread was faster
            if monotonic() - session.used_at < _IDLE_SECONDS:
                return session
            session.close()
        return self._connected(until)

    def _connected(self, until: Deadline) -> Session:
        problem = Problem.UNREACHABLE
        for server in self._servers:
            session = None
            try:
                attempt = until.sooner(self._options.connect_seconds)
                session = open_session(server, self._tls, attempt, plain=self._options.plain)
                session.bind(self._options.user, self._password, attempt)
            except FAILURES as error:
                problem = problem_of(error)
                if session is not None:
                    session.close()
            else:
                return session
            _log.warning("LDAP server %s: %s", server, problem.value)
            if problem in _FINAL:
                break
        raise LdapFailure(problem)

    def _put_back(self, session: Session) -> None:
        session.used_at = monotonic()
        if len(self._idle) < _IDLE_MOST:
            self._idle.append(session)
        else:
            session.close()
        if self._is_closed:
            self._close_idle()

    def _put_last(self, server: Server) -> None:
        """Move a server to the end of the order: one that does not answer must not keep the others from it."""
        self._servers = (*(one for one in self._servers if one != server), server)

    def _close_idle(self) -> None:
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:
                break


_DIRECTORIES: WeakSet[LdapDirectory] = WeakSet()


def _after_fork_in_child() -> None:
    for directory in tuple(_DIRECTORIES):
        directory.leave_to_parent()


os.register_at_fork(after_in_child=_after_fork_in_child)
