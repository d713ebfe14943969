"""A real LDAP server, Debian's slapd, in a folder and on free ports of its own."""

import shutil
import signal
import socket
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from time import monotonic, sleep
from urllib.parse import quote

from attrs import define, field

_SLAPD = shutil.which("slapd", path="/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/bin")
_SLAPADD = shutil.which("slapadd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
IS_HERE = _SLAPD is not None and _SLAPADD is not None

SUFFIX = "o=region,c=SE"
MANAGER, MANAGERS_SECRET = f"cn=manager,{SUFFIX}", "managers-secret"
ACCOUNT, SECRET = f"cn=school,{SUFFIX}", "schools-secret"
"""The service account; it may read everything, and page without a limit."""
LIMITED = f"cn=limited,{SUFFIX}"
"""An account that the server's size limit of 500 holds for, also in pages."""
BLIND = f"cn=blind,{SUFFIX}"
"""An account that may find entries by their HSA-ids, and may not read the HSA-ids."""
OUTSIDER = f"cn=outsider,{SUFFIX}"
"""An account that may bind, and nothing else."""

_CONF = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.2.752.29.4.19 NAME 'hsaIdentity' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.99999.1 NAME 'regionUnit' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.99999.2 NAME 'regionUnitDN' EQUALITY distinguishedNameMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
objectclass ( 1.3.6.1.4.1.99999.3 NAME 'hsaThing' SUP top AUXILIARY
  MAY ( hsaIdentity $ regionUnit $ regionUnitDN $ mail ) )
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
sizelimit 500
idletimeout 0
{tls}
database mdb
maxsize 67108864
directory {folder}/data
suffix "{suffix}"
rootdn "{manager}"
rootpw {managers_secret}
index objectClass,hsaIdentity,regionUnit,regionUnitDN eq
dbnosync
limits dn.exact="{account}" size.soft=500 size.hard=500 size.pr=300 size.prtotal=unlimited
access to attrs=userPassword by anonymous auth by * none
access to attrs=hsaIdentity by dn.exact="{blind}" search by dn.exact="{outsider}" none by users read by * none
access to * by dn.exact="{outsider}" none by users read by * none
"""
_TLS = "TLSCACertificateFile {0}/ca.pem\nTLSCertificateFile {0}/server.pem\nTLSCertificateKeyFile {0}/server.pem\n"

Attributes = Mapping[str, Sequence[str]]


def ldif(entries: Mapping[str, Attributes]) -> str:
    """Return entries by DN as LDIF."""
    lines = []
    for dn, attributes in entries.items():
        lines.append(_line("dn", dn))
        lines += [_line(name, value) for name, values in attributes.items() for value in values]
        lines.append("")
    return "\n".join(lines)


def _line(name: str, value: str) -> str:
    return f"{name}:: {b64encode(value.encode()).decode()}"


def account(name: str) -> Attributes:
    """Return the entry of a service account."""
    return {"objectClass": ["organizationalRole", "simpleSecurityObject"], "cn": [name], "userPassword": [SECRET]}


def free_port() -> int:
    """Return a port of this machine that nobody listens on, and that no outgoing connection gets.

    A server that is stopped and started must find its port again.
    """
    for port in SystemRandom().sample(range(20_000, 32_000), 1_000):
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no port is free")


@define
class Slapd:
    """A server; `stop` and `start` keep its data and its ports."""

    folder: Path
    with_tls: bool = True
    ldap: int = field(factory=free_port)
    ldaps: int = field(factory=free_port)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def socket_uri(self) -> str:
        """The URI of the server's socket of this machine."""
        return f"ldapi://{quote(str(self.folder / 'ldapi'), safe='')}"

    @property
    def is_running(self) -> bool:
        """Whether the server runs."""
        return self._process is not None

    def load(self, entries: Mapping[str, Attributes]) -> None:
        """Write the configuration, and load entries."""
        (self.folder / "data").mkdir()
        names = {"suffix": SUFFIX, "manager": MANAGER, "managers_secret": MANAGERS_SECRET, "account": ACCOUNT}
        names |= {"blind": BLIND, "outsider": OUTSIDER, "folder": str(self.folder)}
        conf = _CONF.format(**names, tls=_TLS.format(self.folder) if self.with_tls else "")
        (self.folder / "slapd.conf").write_text(conf)
        (self.folder / "data.ldif").write_text(ldif(entries), "utf-8")
        command = [str(_SLAPADD), "-q", "-f", str(self.folder / "slapd.conf"), "-l", str(self.folder / "data.ldif")]
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()

    def write(self, entries: Mapping[str, Attributes]) -> None:
        """Write entries in place of those with the same DNs, as the directory's administrators do; none for no data."""
        import ldap  # not where there is no library

        connection = ldap.initialize(self.socket_uri)
        connection.simple_bind_s(MANAGER, MANAGERS_SECRET)
        for dn, attributes in entries.items():
            with suppress(ldap.NO_SUCH_OBJECT):
                connection.delete_s(dn)
            data = [(name, [value.encode() for value in values]) for name, values in attributes.items()]
            if data:
                connection.add_s(dn, data)
        connection.unbind_s()

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        uris = [f"ldap://127.0.0.1:{self.ldap}", self.socket_uri]
        uris += [f"ldaps://127.0.0.1:{self.ldaps}"] if self.with_tls else []
        command = [str(_SLAPD), "-f", str(self.folder / "slapd.conf"), "-h", " ".join(uris), "-d", "0"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.ldap), 5).close()
            except OSError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                assert monotonic() < deadline
                sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Kill the server, as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Stop the server's clock for a time: it takes connections, and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)
