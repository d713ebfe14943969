"""How the portal is started: on a file with people in it, with one school a process."""

import os
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.conf import settings

from portal.__main__ import fill
from portal.sample import Clock
from portal.school import close, school
from portal.server import served
from portal.visitor import ClientVisitor
from portal.walk import sign_in_staff


def test_a_new_file_has_people_in_it(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the first look at the portal would show empty pages, or the second start would change them."""
    monkeypatch.setattr(settings, "PORTAL_FOLDER", tmp_path)
    fill(tmp_path)
    fill(tmp_path)
    anna = ClientVisitor()
    sign_in_staff(anna, "Anna Åberg")
    names = [row.get_text(strip=True) for row in anna.page.select("tbody th")]
    assert names == ["Elsa Ek", "Hjalmar Holm", "Filip Fors"]
    assert "Prioriterad" in anna.text
    assert "Momentet avslutas" in anna.text
    anna.click("Elsa Ek")
    anna.click("Vardagen just nu")
    assert len(anna.page.find_all("svg")) == 1
    anna.click("Hantera")
    anna.click("Hälsoskattning")
    assert [title.get_text() for title in anna.page.select("svg title")]
    david = ClientVisitor()
    sign_in_staff(david, "David Dahl")
    david.press("Gör en plan")
    assert len(david.page.find_all("tr")) == 2
    close()


def test_the_server_serves_and_delivers(portal: Clock) -> None:
    """Otherwise the one command would end with a server that answers nobody."""
    with served(0) as address, urlopen(address) as answer:  # noqa: S310 - our own
        assert "Stöd och behandling" in answer.read().decode()


def test_a_forked_process_has_a_school_of_its_own(portal: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise two processes would share one database connection."""
    parents = school()
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: -1)
        child = school()
        close()
    assert child is not parents
    assert school() is parents
