"""What is one e-mail address, and what is none. Rule: D-13c, D-23a."""

from typing import Any

import pytest

from digital_painschool.domain.email_address import is_email, wire_form
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address

GOOD = {
    "namn.efternamn@vgregion.example": "namn.efternamn@vgregion.example",
    "Annan.Person+aviseringar@VGregion.example": "Annan.Person+aviseringar@VGregion.example",
    "o'neil@localhost": "o'neil@localhost",
    "a@smörgås.example": "a@xn--smrgs-pra0j.example",
    "åsa@vgregion.example": "åsa@vgregion.example",
}
LINES: list[Any] = [
    "a@b.se\r\nBcc: c@d.se",
    "a@b.se\n",
    "\na@b.se",
    "a\x00@b.se",
    "a@b.se\x0b",
    "a@b\u2028.se",
    "",
    " a@b.se",
    None,
    5,
]
SEVERAL = ["a@b.se, c@d.se", "a@b.se;c@d.se", "a@b.se c@d.se", "a@b@c.se", "a,b@c.se", "grupp: a@b.se;"]
NAMED = [
    "Anna <a@b.se>",
    "<a@b.se>",
    '"Anna" <a@b.se>',
    "a@b.se (Anna)",
    "mailto:a@b.se",
    '"a"@b.se',
    "=?utf-8?q?a?=@b.se",
]
HALF = [
    "a",
    "@b.se",
    "a@",
    "a@b..se",
    "a@b.se.",
    ".a@b.se",
    "a..b@c.se",
    "a@-b.se",
    "a@b_c.se",
    "a@[127.0.0.1]",
    "a@1.2.3.4",
]
ROUTES = ["a%c.se@b.se", "c.se!a@b.se"]
OTHERS = [
    "a@straße.se",
    "a@b\u3002se",
    "a\u200bb@c.se",
    "a\u202eb@c.se",
    "a\u00a0b@c.se",
    "a@\udcff.se",
    "a\udcff@b.se",
]
LONG = [f"{'x' * 65}@b.se", f"{'å' * 33}@b.se", f"a@{'b.' * 130}se", f"a@{'b' * 64}.se"]


@pytest.mark.rule("D-23a")
@pytest.mark.parametrize("text", GOOD)
def test_an_address_is_one_mailbox(text: str) -> None:
    """Otherwise somebody whose address has a plus, an apostrophe or Swedish letters would never be told."""
    assert GOOD[text] == wire_form(text)
    assert text == (StaffEntry(email=Address(text)).email or Address("-")).value


@pytest.mark.rule("D-13c")
@pytest.mark.parametrize("text", [*LINES, *SEVERAL, *NAMED, *HALF, *ROUTES, *OTHERS, *LONG], ids=ascii)
def test_what_is_no_address_is_refused_where_it_enters(text: str) -> None:
    """Otherwise a slip in a directory would be a header of its own, or send to somebody else, or to several."""
    assert not is_email(text)
    with pytest.raises(InvalidValue) as refusal:
        StaffEntry(email=Address(text))
    shown = f"{refusal.value} {refusal.value.__context__!r}"
    assert not isinstance(text, str) or len(text) < 3 or text not in shown


@pytest.mark.parametrize("text", LINES, ids=ascii)
def test_no_address_of_any_kind_has_two_lines(text: str) -> None:
    """Otherwise a number with a line break would be a command to a gateway."""
    with pytest.raises(InvalidValue, match="an address is one line of printable text"):
        Address(text)
