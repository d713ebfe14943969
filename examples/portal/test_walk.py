"""The manual's walk by Django's test client: every page without JavaScript, with its labels and headings in order."""

from portal.sample import Clock
from portal.visitor import ClientVisitor
from portal.walk import walk


def test_the_manuals_walk(portal: Clock) -> None:
    """Otherwise a screen of the manual might be missing, or lead nowhere."""
    walk(ClientVisitor, portal)
