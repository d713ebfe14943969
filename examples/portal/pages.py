"""Long lists, a page at a time."""

from django.http import HttpRequest

PAGE = 25
"""The most rows of a page."""


def more(request: HttpRequest, cursor: str | None) -> str | None:
    """Return the address of a list's next page, with the filters of this one; None for the last page."""
    if cursor is None:
        return None
    query = request.GET.copy()
    query["after"] = cursor
    return f"{request.path}?{query.urlencode()}"
