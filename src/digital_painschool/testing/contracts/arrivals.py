"""What has arrived at recipients, read back behind an adapter: an answer of the adapter proves nothing by itself."""

from collections.abc import Iterable, Sequence

from attrs import field, frozen

from digital_painschool.domain.notification import Template


@frozen(kw_only=True)
class Arrival:
    """A notice or a message as its recipient got it.

    Args:
        recipient: The identity number or the address that it went to, in full.
        text: All that the recipient reads, the link included.
    """

    recipient: str = field(repr=False)
    text: str = field(repr=False)


@frozen(kw_only=True)
class Sent:
    """A notice or a message as an adapter was given it.

    Args:
        recipient: The identity number or the address.
        template: Which fixed text.
        link: Where to read.
    """

    recipient: str = field(repr=False)
    template: Template
    link: str


def assert_arrived(arrivals: Iterable[Arrival], *sent: Sent) -> None:
    """Assert that all that was sent arrived once, at its recipient, with its text and link, and nothing else did.

    The failure says what is wrong, and shows nobody's number.
    """
    left = list(arrivals)
    assert len(left) == len(sent), f"{len(sent)} were sent and {len(left)} arrived"
    for number, one in enumerate(sent, start=1):
        theirs = [arrival for arrival in left if arrival.recipient == one.recipient]
        assert theirs, f"number {number} did not arrive at its recipient (read back the full number or address)"
        matches = [arrival for arrival in theirs if _says(arrival, one)]
        wrong = f"number {number} arrived without its text {one.template.text!r} or its link {one.link!r}"
        assert matches, wrong
        left.remove(matches[0])
        _assert_names_nobody(matches[0], sent)


def _says(arrival: Arrival, sent: Sent) -> bool:
    return sent.template.text in arrival.text and sent.link in arrival.text


def _assert_names_nobody(arrival: Arrival, sent: Sequence[Sent]) -> None:
    named = [number for number, one in enumerate(sent, start=1) if one.recipient in arrival.text]
    assert not named, f"the text of an arrival names the recipient of number {named[0]}"
