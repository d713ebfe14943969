"""A visitor to the portal, who reads pages and uses their links, fields and buttons by what they are called."""

from itertools import pairwise
from typing import Protocol

from bs4 import BeautifulSoup, Tag
from django.test import Client

_HEADINGS = ["h1", "h2", "h3", "h4"]


class Visitor(Protocol):
    """Somebody with a browser; what is not on the page cannot be used."""

    def open(self, address: str) -> None:
        """Go to an address."""
        ...

    def click(self, link: str) -> None:
        """Follow the link with a text."""
        ...

    def fill(self, field: str, value: str) -> None:
        """Write into the field with a label, or choose from its list."""
        ...

    def choose(self, question: str, *options: str) -> None:
        """Choose options of a group of them."""
        ...

    def tick(self, box: str) -> None:
        """Tick the box with a label."""
        ...

    def press(self, button: str) -> None:
        """Press a button, which sends its form."""
        ...

    @property
    def text(self) -> str:
        """What the page says, without its head."""
        ...


class ClientVisitor:
    """A visitor with Django's test client: no JavaScript, no style. Each page is looked over as it comes."""

    def __init__(self) -> None:
        self.client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
        self.page = BeautifulSoup()
        self.status = 0
        self.address = "/"
        self.filled: dict[str, list[str]] = {}

    def open(self, address: str) -> None:
        self._see(self.client.get(address, follow=True))

    def click(self, link: str) -> None:
        found = [a for a in self.page.find_all("a") if _name(a) == link]
        assert found, f"there is no link {link!r} at {self.address}"
        self.open(str(found[0]["href"]))

    def fill(self, field: str, value: str) -> None:
        control = self._control(self.page, field)
        if control.name == "select":
            value = next(str(one["value"]) for one in control.find_all("option") if _words(one) == value)
        self.filled[str(control["name"])] = [value]

    def choose(self, question: str, *options: str) -> None:
        group = next((f for f in self.page.find_all("fieldset") if _words(f.legend).startswith(question)), None)
        assert group is not None, f"there is no question {question!r} at {self.address}"
        chosen = [self._control(group, option) for option in options]
        self.filled[str(chosen[0]["name"])] = [str(control["value"]) for control in chosen]

    def tick(self, box: str) -> None:
        control = self._control(self.page, box)
        self.filled[str(control["name"])] = [str(control.get("value", "on"))]

    def press(self, button: str) -> None:
        found = [b for b in self.page.find_all("button") if _name(b) == button]
        assert found, f"there is no button {button!r} at {self.address}"
        form = found[0].find_parent("form")
        assert isinstance(form, Tag)
        data = form_data(form) | {
            name: values for name, values in self.filled.items() if form.select_one(f'[name="{name}"]')
        }
        if name := found[0].get("name"):
            data[str(name)] = [str(found[0]["value"])]
        action = str(form.get("action") or self.address)
        if form.get("method") == "post":
            self._see(self.client.post(action, data, follow=True, HTTP_REFERER=f"http://localhost{self.address}"))
        else:
            self._see(self.client.get(action, data, follow=True))

    @property
    def text(self) -> str:
        main = self.page.main
        assert main is not None
        return _words(main)

    def _see(self, response: object) -> None:
        self.status = getattr(response, "status_code", 0)
        chain = getattr(response, "redirect_chain", [])
        self.address = chain[-1][0] if chain else getattr(response, "request", {})["PATH_INFO"]
        self.page = BeautifulSoup(getattr(response, "content", b""), "html.parser")
        self.filled = {}
        _look_over(self.page, self.address)

    def _control(self, part: Tag, words: str) -> Tag:
        found = [one for one in part.find_all("label") if _words(one).rstrip(":") == words]
        assert found, f"there is no field {words!r} at {self.address}"
        control = part.find(id=str(found[0]["for"]))
        assert isinstance(control, Tag)
        return control


def form_data(form: Tag) -> dict[str, list[str]]:
    """Return what a browser sends of a form that nobody has touched."""
    sent: dict[str, list[str]] = {}
    for control in form.find_all(["input", "textarea", "select"]):
        name = str(control["name"])
        if control.get("type") in ("radio", "checkbox") and not control.has_attr("checked"):
            continue
        if control.name == "select":
            option = control.find("option", selected=True) or control.find("option")
            assert isinstance(option, Tag)
            value = str(option["value"])
        else:
            value = str(control.get("value", "")) if control.name == "input" else control.text.removeprefix("\n")
        sent.setdefault(name, []).append(value)
    return sent


def _look_over(page: BeautifulSoup, address: str) -> None:
    """Find what no page may have or lack."""
    assert page.html is not None, f"{address} is no page"
    assert page.html["lang"] == "sv", address
    assert page.find("script") is None, f"{address} needs JavaScript"
    assert "MISSING" not in str(page), f"{address} shows a value that is not there"
    levels = [_HEADINGS.index(heading.name) for heading in page.find_all(_HEADINGS)]
    assert levels[0] == 0, f"{address} begins with another heading"
    assert all(after <= before + 1 for before, after in pairwise(levels)), f"{address}: {levels}"
    labelled = {label["for"] for label in page.find_all("label")}
    fields = [f for f in page.find_all(["input", "select", "textarea"]) if f.get("type") != "hidden"]
    assert all(field.get("id") in labelled for field in fields), f"{address} has a field without a label"


def _name(part: Tag) -> str:
    """Return what a link or a button is called by a screen reader."""
    return str(part.get("aria-label") or _words(part))


def _words(part: Tag | None) -> str:
    return "" if part is None else " ".join(part.get_text(" ").split())
