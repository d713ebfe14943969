"""The part of a numbered list that a page needs: a timeline, or the access log."""

from datetime import datetime

from attrs import frozen


@frozen(kw_only=True)
class Excerpt:
    """The part of a numbered list that is wanted, and its order. The list grows at its highest number.

    Args:
        newest_first: True for falling numbers; otherwise they rise.
        up_to: Only numbers up to this one; None for all.
        since: Only what was done at this instant or later; None for all.
        until: Only what was done before this instant; None for all.
        by: Only what this author did, as the entry names the author; None for all.
    """

    newest_first: bool = False
    up_to: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    by: str | None = None

    def holds(self, number: int, at: datetime, by: str) -> bool:
        """Return whether an entry with this number, instant and author is in the excerpt."""
        return (
            (self.up_to is None or number <= self.up_to)
            and (self.since is None or at >= self.since)
            and (self.until is None or at < self.until)
            and self.by in {None, by}
        )


WHOLE = Excerpt()
"""The whole list, oldest first."""
