"""A server for trying the portal out: threads in one process, and a worker that delivers notifications."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

from digital_painschool import PainSchoolError

from .school import close, school
from .wsgi import application

_log = logging.getLogger(__name__)
_MINUTE = 60


@contextmanager
def served(port: int) -> Iterator[str]:
    """Serve the portal on this machine alone until the block ends; yield its address. Port 0 chooses a free one."""
    server = ThreadedWSGIServer(("127.0.0.1", port), WSGIRequestHandler)
    server.set_app(application)
    stopped = Event()
    threads = [Thread(target=server.serve_forever), Thread(target=_deliver, args=[stopped])]
    for thread in threads:
        thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        stopped.set()
        server.shutdown()
        for thread in threads:
            thread.join()
        server.server_close()
        close()


def _deliver(stopped: Event) -> None:
    """Deliver what is due each minute. A portal of many processes lets one worker do it: docs/how-to/deliveries.md."""
    while not stopped.is_set():
        try:
            school().delivery().run()
        except PainSchoolError as error:
            _log.error("deliveries: %s", error)
        stopped.wait(_MINUTE)
