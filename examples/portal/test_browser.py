"""The manual's walk clicked in Chromium, with axe-core on every page."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from portal.sample import ELSA, Clock
from portal.server import served
from portal.walk import sign_in_staff, start_program, walk

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
_WAIT = 30_000
_TEXTS = re.compile(r">[^<]*(?=<)|[0-9a-f]*[0-9]|value=\"[^\"]*\"")
"""What differs between two drawings of one page: texts, numbers, ids, and values of fields."""

pytestmark = pytest.mark.skipif(
    _CHROMIUM is None and "CI" not in os.environ, reason="there is no Chromium here: apt-get install chromium"
)


class ChromiumVisitor:
    """A visitor with Chromium. axe-core looks at each page as it comes."""

    def __init__(self, page: Page, address: str, seen: set[str]) -> None:
        self.page = page
        self._address = address
        self._seen = seen
        page.set_default_timeout(_WAIT)
        page.add_init_script(_AXE)

    def open(self, address: str) -> None:
        self.page.goto(self._address + address.removeprefix("/"))
        self._look_over()

    def click(self, link: str) -> None:
        self.page.get_by_role("link", name=link, exact=True).first.click()
        self._look_over()

    def fill(self, field: str, value: str) -> None:
        control = self._labelled(field)
        if control.evaluate("one => one.tagName") == "SELECT":
            control.select_option(label=value)
        else:
            control.fill(value)

    def choose(self, question: str, *options: str) -> None:
        group = self.page.get_by_role("group", name=question)
        for option in options:
            group.get_by_label(option, exact=True).check()

    def tick(self, box: str) -> None:
        self._labelled(box).check()

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()
        self._look_over()

    @property
    def text(self) -> str:
        return " ".join(self.page.locator("main").inner_text().split())

    def _labelled(self, words: str) -> Locator:
        return self.page.get_by_label(re.compile(f"^{re.escape(words)}:?$"))

    def _look_over(self) -> None:
        skeleton = _TEXTS.sub("", self.page.content())
        if skeleton in self._seen:  # the same tags and classes: axe-core has looked at it
            return
        self._seen.add(skeleton)
        found = self.page.evaluate("axe.run({resultTypes: ['violations']})")
        wrong = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
        assert not wrong, f"{self.page.url}: {wrong}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def new_visitor(browser: Browser, portal: Clock) -> Iterator[Callable[[], ChromiumVisitor]]:
    """Serve the portal, and return a function that opens a browser window of its own."""
    seen: set[str] = set()
    with served(0) as address:
        yield lambda: ChromiumVisitor(browser.new_context(locale="sv-SE").new_page(), address, seen)


def test_the_manuals_walk_in_chromium(new_visitor: Callable[[], ChromiumVisitor], portal: Clock) -> None:
    """Otherwise a page might not work in a browser, or not for somebody who cannot see or click."""
    walk(new_visitor, portal)


def test_the_back_button_shows_nothing_old(new_visitor: Callable[[], ChromiumVisitor], portal: Clock) -> None:
    """Otherwise a message would be sent again by mistake, or the next one at the machine would read it."""
    anna = new_visitor()
    sign_in_staff(anna, "Anna Åberg")
    start_program(anna, ELSA)
    for link in ("Elsa Ek", "Meddelande", "Skapa ny konversation"):
        anna.click(link)
    anna.fill("Meddelande", "Hej!")
    anna.press("Skicka")
    anna.page.go_back()
    assert anna.page.get_by_label("Meddelande").input_value() == ""
    anna.press("Logga ut")
    anna.page.go_back()
    assert "Vem är du?" in anna.text
