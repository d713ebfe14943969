"""The options of the LDAP directory, its factory, and a school that is opened with it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from digital_painschool import Channel, ConfigurationError, InvalidValue, open_school, read_settings
from digital_painschool.adapters import plugin
from digital_painschool.adapters.ldap_directory.options import Server, server_of
from digital_painschool.ports.directory import Directory
from digital_painschool.testing.people import NURSE, UNIT
from tests.adapters.ldap_directory import region
from tests.adapters.ldap_directory.conftest import without_library
from tests.adapters.ldap_directory.slapd import ACCOUNT, SUFFIX, Slapd

USUAL: dict[str, Any] = {
    "uris": ["ldaps://localhost"],
    "user": "cn=school,o=region",
    "password": "env:LDAP_PASSWORD",
    "base": "o=region",
}


def made(**options: Any) -> Directory:
    """Return the directory that the plugin's factory makes."""
    (factory,) = (one for one in plugin.painschool_directories() if one.name == "ldap")
    return factory.make({key: value for key, value in {**USUAL, **options}.items() if value is not None})


SERVERS = [
    ("ldaps://hsa.region.example", Server("ldaps", "hsa.region.example", 636), "ldaps://hsa.region.example:636"),
    ("ldap://10.0.0.1:1389/", Server("ldap", "10.0.0.1", 1389), "ldap://10.0.0.1:1389"),
    ("LDAPS://[::1]:1636", Server("ldaps", "::1", 1636), "ldaps://::1:1636"),
    ("ldapi://%2Frun%2Fslapd%2Fldapi", Server("ldapi", "/run/slapd/ldapi", 0), "ldapi:///run/slapd/ldapi"),
]


@pytest.mark.parametrize(("uri", "server", "text"), SERVERS)
def test_a_uri_names_a_server(uri: str, server: Server, text: str) -> None:
    """Otherwise the school would ask another server, or none."""
    assert server == server_of(uri)
    assert text == str(server)


NO_SERVERS = [
    "http://x",
    "ldaps://",
    "x",
    "ldaps://user:hemligt@x",
    "ldaps://x/o=region",
    "ldaps://x?mail",
    "ldaps://x#y",
]
NO_SERVERS += [
    "ldaps://x:0",
    "ldaps://x:99999",
    "ldaps://x:y",
    "ldapi://run",
    "ldaps://x ldaps://y",
    "ldaps://[x",
    "ldaps://x\n",
]


@pytest.mark.parametrize("uri", NO_SERVERS)
def test_another_uri_is_refused_without_being_repeated(uri: str) -> None:
    """Otherwise a password in a URI would be in a log, or a part of the URI be passed over in silence."""
    with pytest.raises(InvalidValue) as caught:
        server_of(uri)
    assert "hemligt" not in str(caught.value)
    with pytest.raises(ConfigurationError, match="option uris") as refused:
        made(uris=[uri])
    assert "hemligt" not in str(refused.value)


WRONG: list[tuple[str, Any]] = [
    *(("uris", value) for value in ([], "ldaps://x", None, [3])),
    *(("user", value) for value in ("", "a\nb", None, 3)),
    *(("password", value) for value in ("", "hemligt", None, 3, "env")),
    *((name, value) for name in ("base", "filter", "unit_base", "unit_filter") for value in ("", "a\nb", 3)),
    *(("hsa_id", value) for value in ("", "a b", "a)(b", "mail*", "å", "1a", 3)),
    *((name, value) for name in ("email", "sms", "display_name") for value in ("mail", ["a)(b"], [""], 3)),
    *(("country", value) for value in ("46", "+", "+0", "+4600")),
    *(("membership", value) for value in ("", "above", 3)),
    *((name, value) for name in ("seconds", "connect_seconds") for value in (0, -1, 121, "5", True, float("nan"))),
    *(("page", value) for value in (0, 1001, 2.5, "5")),
    *(("plain", value) for value in ("yes", 1)),
    *(("ca_file", value) for value in (3, "~there-is-no-such-user/ca.pem")),
    ("colour", "blue"),
]
WRONG_FOR_LDAP: list[tuple[str, Any]] = [
    *(("password", value) for value in ("env:", "env:NO SUCH", "env:NOT_SET", "file:/no/such/file")),
    *(("base", value) for value in ("region", "o=region,")),
    *(("filter", value) for value in ("objectClass=person", "(a=b)(c=d)", "(a=b))(|(c=d)", "(a=b")),
    *(("unit_filter", value) for value in ("a=b", "(a=\\zz)")),
    ("unit_base", "region"),
    ("ca_file", "/no/such/file"),
]
"""What only the library, or the file system, can tell."""


@pytest.mark.parametrize(("option", "value"), [*WRONG, *WRONG_FOR_LDAP])
def test_a_wrong_option_is_named_and_not_repeated(option: str, value: Any) -> None:
    """Otherwise a slip would count as a default, or a password that was written down be in a log."""
    if (option, value) in WRONG_FOR_LDAP:
        without_library()
    with pytest.raises(ConfigurationError, match=f"option '?{option}") as caught:
        made(**{option: value})
    assert "hemligt" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"


@pytest.mark.parametrize("options", [{"unit": "ou"}, {"membership": "dn"}, {"membership": "attribute"}])
def test_the_attribute_of_the_unit_belongs_to_the_way(options: dict[str, str]) -> None:
    """Otherwise an attribute would be named that nobody looks at, or none where one is needed."""
    with pytest.raises(ConfigurationError, match="unit names an attribute where membership is"):
        made(**options)


def test_files_without_certificates_are_refused(tmp_path: Path) -> None:
    """Otherwise each connection would fail, and nobody know why."""
    without_library()
    (tmp_path / "ca.pem").write_text("hemligt")
    with pytest.raises(ConfigurationError, match="directory 'ldap': option 'ca_file': the file ") as caught:
        made(ca_file=str(tmp_path / "ca.pem"))
    assert str(caught.value).endswith("ca.pem holds no certificate in PEM")
    assert "hemligt" not in str(caught.value)


def test_without_the_library_the_extra_is_named() -> None:
    """Otherwise whoever chose the directory would see an ImportError in place of what to install."""
    script = (
        "import sys; sys.modules['ldap'] = None\n"
        "from digital_painschool.adapters.plugin import _ldap_directory\n"
        f"_ldap_directory({USUAL!r})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "an LDAP directory needs the extra: pip install 'digital_painschool[ldap]'" in done.stderr


@pytest.mark.rule("M-22")
def test_a_school_asks_the_directory_of_its_settings(server: Slapd, tmp_path: Path) -> None:
    """Otherwise each part would be right, and no member of staff get a mail."""
    without_library()
    (tmp_path / "secret").write_text("schools-secret\n")
    (tmp_path / "ca.pem").write_bytes((server.folder / "ca.pem").read_bytes())
    (tmp_path / "painschool.toml").write_text(
        f"""
        storage = "memory://"
        [directory]
        name = "ldap"
        uris = ["ldap://localhost:{server.ldap}"]
        user = "{ACCOUNT}"
        password = "file:secret"
        ca_file = "ca.pem"
        base = "{SUFFIX}"
        [[messengers]]
        name = "memory"
        channel = "{Channel.EMAIL.value}"
        """
    )
    with open_school(read_settings(tmp_path / "painschool.toml")) as school:
        desk = school.therapist(NURSE)
        desk.receive_notifications(email=True)
        assert region.members(UNIT) == {one.hsa_id for one in desk.staff().members}
