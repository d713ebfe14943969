"""The school: the entry point of a host, which returns the desks."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event
from types import TracebackType
from typing import Self

from digital_painschool.application.administrator import AdministratorDesk
from digital_painschool.application.executor import Executor
from digital_painschool.application.joined import OnCommit, joined_executor
from digital_painschool.application.operator import OperatorDesk
from digital_painschool.application.patient import PatientDesk
from digital_painschool.application.program_catalogue import Catalogue
from digital_painschool.application.receipt_proof import ReceiptKey
from digital_painschool.application.therapist import TherapistDesk
from digital_painschool.bootstrap.joined_school import JoinedSchool
from digital_painschool.delivery.trial import send_trial
from digital_painschool.delivery.worker import Delivery
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import Actor, PersonId
from digital_painschool.errors import ConfigurationError, InvalidValue
from digital_painschool.ports import Clock, Ports
from digital_painschool.ports.guarded import closing
from digital_painschool.programs import bundled_program


def system_clock() -> datetime:
    """Return the present instant of the system's clock, in UTC."""
    return datetime.now(UTC)


def rising_id(at: datetime) -> str:
    """Return an opaque, unguessable id of 32 hexadecimal digits. A later id sorts after an earlier one."""
    return f"{int(at.timestamp() * 1000):012x}{secrets.token_hex(10)}"


class PainSchool:
    """The school. One school a process is enough: it is safe to use from many threads. Close it, or use `with`.

    Args:
        ports: The adapters; `digital_painschool.open_school` makes them from settings.
        catalogue: The programs and the policies of the units; left out, the bundled example program and the defaults.
        clock: A function that returns the present instant, an aware time.
        new_id: A function that returns an opaque id, given the present instant.
        receipt_key: The secret that purge receipts are signed with, at least 32 characters; None leaves them unsigned.
        wait: A function that waits for a number of seconds, for a clock of the host's own: the delivery waits so for
            the pace of a channel (D-13e). None waits in real time.
    """

    def __init__(
        self,
        ports: Ports,
        *,
        catalogue: Catalogue | None = None,
        clock: Clock = system_clock,
        new_id: Callable[[datetime], str] = rising_id,
        receipt_key: str | None = None,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        if not isinstance(ports, Ports):
            raise InvalidValue(f"ports is a Ports, not {type(ports).__name__}")
        if not callable(clock) or not callable(new_id):
            raise InvalidValue("clock and new_id are functions")
        if wait is not None and not callable(wait):
            raise InvalidValue("wait is a function, or None")
        if catalogue is not None and not isinstance(catalogue, Catalogue):
            raise InvalidValue(f"catalogue is a Catalogue or None, not {type(catalogue).__name__}")
        offered = Catalogue(programs=(bundled_program(),)) if catalogue is None else catalogue
        self._executor = Executor(ports, offered, clock, new_id)
        self._wait = wait
        self._receipt_key = None if receipt_key is None else ReceiptKey(receipt_key)

    def therapist(self, actor: Actor) -> TherapistDesk:
        """Return the desk of a therapist or a patient administrator whom the host has signed in. Rule: M-06."""
        return TherapistDesk(self._executor, actor)

    def patient(self, person: str | PersonId) -> PatientDesk:
        """Return the desk of a patient whom the host has signed in.

        Raises:
            InvalidIdentity: The text is not an identity number of an accepted scheme.
        """
        return PatientDesk(self._executor, self._executor.persons.person(person))

    def administrator(self, actor: Actor) -> AdministratorDesk:
        """Return the desk of a data administrator whom the host has signed in. Rule: M-06, M-20."""
        return AdministratorDesk(self._executor, actor, self._receipt_key)

    def operator(self, actor: Actor) -> OperatorDesk:
        """Return the desk of an operator whom the host has signed in. Rule: M-06, D-13d."""
        return OperatorDesk(self._executor, actor)

    def delivery(
        self,
        *,
        batch: int = 200,
        lease: timedelta = timedelta(minutes=15),
        every: timedelta | None = None,
        stop: Event | None = None,
    ) -> Delivery:
        """Return a delivery worker; a loop or cron calls its `run`. Rule: M-13, D-13a, D-13e.

        Args:
            batch: The number of digests claimed at a time.
            lease: How long a claim is held; longer than a batch can take.
            every: The time between the runs of a loop; the worker counts as alive meanwhile. None for a single run.
            stop: An event that ends a run after the notice at hand; None for a run that is never stopped.
        """
        return Delivery(self._executor, batch=batch, lease=lease, every=every, stop=stop, wait=self._wait)

    def try_messenger(
        self, recipient: str, channel: Channel, *, unit: str, template: Template = Template.PROGRAM_DONE
    ) -> None:
        """Send one of the fixed texts to a member of staff, as a trial of a messenger; nothing is stored. Rule: M-22.

        Args:
            recipient: The HSA-id of the member of staff, whose address the directory has.
            channel: `EMAIL` or `SMS`.
            unit: The HSA-id of the unit whose link, language and texts the message has.
            template: Which of the fixed texts.

        Raises:
            DeliveryError: The directory has no address, no messenger serves the channel, or the messenger did not send.
            InvalidValue: An argument is of another type, or the channel is the patients' inbox.
        """
        send_trial(self._executor, recipient, channel, unit=unit, template=template)

    @contextmanager
    def joined(
        self, connection: object, transaction: AbstractContextManager[object], *, on_commit: OnCommit
    ) -> Iterator[JoinedSchool]:
        """Run a host's transaction, and yield desks whose steps are committed with the host's own rows.

        A step that is refused leaves the host's rows, and the transaction can go on. A step is tried once: after a
        `Conflict` the host rolls back, and tries its transaction again.

        Args:
            connection: The host's connection: psycopg's or sqlite3's own, SQLAlchemy's, or Django's `connection`.
            transaction: The host's transaction on it, such as `transaction.atomic()`; it is entered and left here.
            on_commit: The host's function that takes a function to call after the commit, such as
                `transaction.on_commit`. The school's observers are notified so.

        Raises:
            ConfigurationError: The storage has no transaction to join, or the connection has other settings than the
                school's own connections, or another database.
            InvalidValue: The connection is not one of the storage's driver, or the arguments are of wrong types.
            Conflict: On SQLite, another transaction is the writer of the file.
            OutcomeUnknown: On SQLite, the transaction has ended, and the access log could not be written.
        """
        if not isinstance(transaction, AbstractContextManager) or not callable(on_commit):
            raise InvalidValue("transaction is a context manager, and on_commit a function")
        join = getattr(self._executor.storage, "joined", None)
        if not callable(join):
            raise ConfigurationError(
                "the storage has no transaction that a host could share; choose sqlite or postgresql, or call the desks"
                " of the school itself"
            )
        with join(connection, transaction) as storage:
            yield JoinedSchool(joined_executor(self._executor, storage, on_commit))

    def close(self) -> None:
        """Close every adapter that can be closed; every later call raises `StorageError`."""
        ports = self._executor.ports
        with ExitStack() as stack:
            single = (ports.storage, ports.identity, ports.inbox, ports.directory)
            for adapter in (*single, *ports.messengers, *ports.observers):
                close = closing(adapter)
                if close is not None:
                    stack.callback(close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
