"""How a long command is stopped: signals as an event, and messages to systemd."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event
from types import FrameType


@contextmanager
def stop_signals() -> Iterator[Event]:
    """Yield an event that SIGINT, SIGTERM or a closed terminal sets; a second signal has its usual effect.

    SIGHUP is left alone where it is ignored, as by `nohup`.
    """
    stop = Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        before[signal.SIGHUP] = signal.SIG_DFL

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def request_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        restore()

    for number in before:
        signal.signal(number, request_stop)
    try:
        yield stop
    finally:
        restore()


def notify_service_manager(state: str) -> None:
    """Send a state such as `READY=1` to systemd, where it has started the process with `Type=notify`."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    # Whoever waits for the message has a time-out of its own; a lost message stops no delivery.
    with suppress(OSError, ValueError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        channel.sendall(state.encode())
