"""What an entry says, without a server: addresses, numbers, names and HSA-ids, and what counts as none."""

from collections.abc import Sequence
from typing import Any

import pytest

from digital_painschool.adapters.ldap_directory.entries import (
    Entry,
    email_address,
    mobile_number,
    staff_entry,
    staff_member,
)
from digital_painschool.adapters.ldap_directory.options import LdapOptions
from digital_painschool.adapters.phone_numbers import e164
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.people import NURSE

USUAL: dict[str, Any] = {"uris": ("ldaps://localhost",), "user": "cn=x", "password": "env:X", "base": "o=region"}
OPTIONS = LdapOptions(**USUAL)


def entry(**attributes: Sequence[str | bytes]) -> Entry:
    """Return an entry as a server returns it."""
    values = {
        name: [one.encode() if isinstance(one, str) else one for one in all_] for name, all_ in attributes.items()
    }
    return Entry.of("cn=x", values)


@pytest.mark.parametrize("text", ["anna.nord@vgregion.example", "a+b_c'd@x-y.example.org", "A@B.SE"])
def test_an_address_is_kept_as_it_is(text: str) -> None:
    """Otherwise a notification would go elsewhere."""
    found = email_address(text)
    assert found is not None
    assert text == found.value


NO_ADDRESS = ["a@b.example\nBcc: c@d.example", "a@b.example\r", "a@b.example\n", "a b@c.example", "a@b", "@b.example"]
NO_ADDRESS += [
    "a@b.example,c@d.example",
    "a@b.example; c@d.example",
    "Anna <a@b.example>",
    "<a@b.example>",
    "a@@b.example",
]
NO_ADDRESS += ["a@b.example\x00", "a@b.exa\u202emple", "å@b.example", "a@b.example\u2028", "", "saknas", "a@b..example"]
NO_ADDRESS += ["a" * 65 + "@b.example", "a@" + "b" * 64 + ".example", "a@" + "b." * 130 + "example", '"a b"@c.example']


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_what_is_no_address_counts_as_none(text: str) -> None:
    """Otherwise a line break in the directory would add a recipient to a mail, or a mail would go to nobody."""
    assert None is email_address(text)
    assert StaffEntry() == staff_entry(entry(mail=[text]), OPTIONS)


NUMBERS = ["+46701740605", "+46 70 174 06 05", "+46 (0)70-174 06 05", "070-174 06 05", "0701740605", "0046701740605"]
NUMBERS += ["070.174.06.05", "070/1740605", "+46\u00a070\u00a01740605", "070\u2011174 06 05"]
NUMBERS += [
    "070\u2013174\u202f06\u202f05",
    "070\t1740605",
    "070\u00ad1740605",
    "+46-(0)70-174 06 05",
    "0046(0)701740605",
]


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_is_brought_into_the_international_form(text: str) -> None:
    """Otherwise the number of nearly every member of staff would count as none: directories write them as people do."""
    assert Address("+46701740605") == mobile_number(text, "+46")
    assert "+46701740605" == e164(text)


NO_NUMBER = ["växeln", "0701740605 / 0707654321", "12345", "+46", "+0701740605", "070-174 06 05 (privat)", "", "+"]
NO_NUMBER += ["070174\n0605", "+4670174060500001", "\u0660\u0667\u0660\u0661\u0667\u0664\u0660\u0666\u0660\u0665"]
NO_NUMBER += ["08-174 060 50", "031-12 34 56", "070-174 06 05/06", "070-174 06 05\n070-174 06 06", "+46\n(0)701740605"]
NO_NUMBER += ["tel:+46701740605", "0701740605;ext=1", "++46701740605", "7017\x0040605"]


@pytest.mark.parametrize("text", NO_NUMBER)
def test_what_is_no_number_counts_as_none(text: str) -> None:
    """Otherwise a message would go to whoever has what is left of the text as a number."""
    assert (None, None) == (mobile_number(text, "+46"), e164(text))
    assert StaffEntry() == staff_entry(entry(mobile=[text]), OPTIONS)


def test_a_number_without_a_country_gets_the_one_of_the_options() -> None:
    """Otherwise a clinic beyond the border would write to Swedish numbers."""
    assert Address("+358401234567") == mobile_number("040 123 4567", "+358")


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_addresses_it_is_always_the_same(order: int) -> None:
    """Otherwise one message would go here and the next one there: a directory returns values in any order."""
    mails = ["b@r.example", "no address", "a@r.example"][::order]
    numbers = ["+46702222222", "växeln", "+46701111111"][::order]
    expected = StaffEntry(email=Address("a@r.example"), sms=Address("+46701111111"))
    assert expected == staff_entry(entry(mail=mails, mobile=numbers), OPTIONS)


def test_attributes_are_looked_at_in_order(caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise a private address would come before the one that the region chose."""
    options = LdapOptions(**USUAL, email=("work", "mail"))
    assert Address("z@r.example") == staff_entry(entry(MAIL=["a@r.example"], Work=["z@r.example"]), options).email
    assert not caplog.records
    assert Address("a@r.example") == staff_entry(entry(mail=["a@r.example"], work=["z"]), options).email
    assert "no usable value in the directory's attribute work" in caplog.text
    assert None is staff_entry(entry(**{"mail;x-old": ["a@r.example"]}), options).email


NAMES: list[tuple[list[str | bytes], list[str | bytes], str | None]] = [
    (["Nils Nord"], ["n"], "Nils Nord"),
    (["Nils\nNord"], ["Nord"], "Nord"),
    ([], [], None),
    ([" N "], [], "N"),
]
NAMES += [(["N\u202eN"], ["x" * 1001], None), ([b"\xff"], ["Nord"], "Nord"), ([""], ["Nord"], "Nord")]


@pytest.mark.parametrize(("display_names", "cns", "expected"), NAMES)
def test_a_name_is_one_line_or_none(
    display_names: list[str | bytes], cns: list[str | bytes], expected: str | None
) -> None:
    """Otherwise a broken name would take a whole unit's list away, or steer the screen that shows it."""
    found = staff_member(entry(displayName=display_names, cn=cns), NURSE.hsa_id, OPTIONS)
    assert (NURSE.hsa_id, expected) == (found.hsa_id, found.name)


@pytest.mark.rule("D-06b")
def test_hsa_ids_are_compared_in_capitals() -> None:
    """Otherwise whoever the directory writes in small letters would be unknown."""
    texts: list[str | bytes] = ["se2321000131-p00ab", " SE2321000131-P00AB ", "SE2321000131-P00CD", "nobody", "SE\n"]
    expected = (HsaId("SE2321000131-P00AB"), HsaId("SE2321000131-P00CD"))
    assert expected == entry(hsaIdentity=texts).hsa_ids("HSAIDENTITY")


def test_an_entry_shows_nothing_of_a_person() -> None:
    """Otherwise a traceback with local variables would show who it was about."""
    assert "Entry(_dn=****, _texts=****)" == repr(entry(mail=["a@r.example"]))
