"""What has arrived at recipients, read back behind an adapter: an answer of the adapter proves nothing by itself."""

from collections.abc import Iterable, Iterator, Sequence

from attrs import field, frozen

from digital_painschool.domain.notification import Template
from digital_painschool.labels.lookup import Language, label


@frozen(kw_only=True)
class Arrival:
    """A notice or a message as its recipient got it.

    Args:
        recipient: The identity number or the address that it went to, in full.
        text: All that the recipient reads, the link included; of a mail the subject too.
        unit: The unit that it comes from, where the recipient or the system behind the adapter is given one.
    """

    recipient: str = field(repr=False)
    text: str = field(repr=False)
    unit: str | None = None


@frozen(kw_only=True)
class Sent:
    """A notice or a message as an adapter was given it.

    Args:
        recipient: The identity number or the address.
        template: Which fixed text.
        link: Where to read.
        unit: The unit that sends it.
        language: The language of the text.
    """

    recipient: str = field(repr=False)
    template: Template
    link: str
    unit: str | None = None
    language: Language = Language.SWEDISH

    @property
    def text(self) -> str:
        """The text that arrives."""
        return label(self.template, self.language)


def assert_arrived(arrivals: Iterable[Arrival], *sent: Sent, fixed_texts: Sequence[str] = ()) -> None:
    """Assert that all that was sent arrived once, at its recipient, with its text and link, and nothing else did.

    The failure says what is wrong, and shows nobody's number.

    Args:
        arrivals: What has arrived.
        sent: What was sent.
        fixed_texts: What the adapter adds to each: the same for everybody.
    """
    left = list(arrivals)
    # No operand that is somebody's is shown: it would put a number into the failure.
    others = [type(arrival).__name__ for arrival in left if not isinstance(arrival, Arrival)]
    assert not others, f"`arrived` returned a {others[0]} in place of an `Arrival`"
    assert len(left) == len(sent), f"{len(sent)} were sent and {len(left)} arrived"
    for number, one in enumerate(sent, start=1):
        theirs = [arrival for arrival in left if arrival.recipient == one.recipient]
        assert theirs, f"number {number} did not arrive at its recipient (read back the full number or address)"
        theirs.sort(key=lambda arrival: (one.link not in arrival.text, one.text not in arrival.text))
        faults = [[*_faults(arrival, one, sent, fixed_texts)] for arrival in theirs]
        fewest = min(faults, key=len)  # of the closest: the first with the same link and text
        assert not fewest, f"number {number} arrived otherwise than it was given: {'; '.join(fewest)}"
        left.remove(theirs[faults.index(fewest)])


def _faults(arrival: Arrival, one: Sent, sent: Sequence[Sent], fixed_texts: Sequence[str]) -> Iterator[str]:
    text = arrival.text
    for number, other in enumerate(sent, start=1):
        if other.recipient.casefold() in text.casefold():
            yield f"its text names the recipient of number {number}"
            break
    if one.text not in text:
        found = [template.name for template in Template if label(template, one.language) in text]
        yield f"its text is not {one.text!r} but {f'that of {found[0]}' if found else 'another'}"
    if one.link not in text:
        yield f"its link is not {one.link!r} but {'another' if '://' in text else 'missing'}"
    if None not in (arrival.unit, one.unit) and arrival.unit != one.unit:
        yield "its unit is another"
    for known in (one.link, one.text, *fixed_texts):
        text = text.replace(known, "", 1)
    if (beside := len(text.strip())) and one.link in arrival.text and one.text in arrival.text:
        yield f"{beside} characters stand beside its text and its link (D-13c)"
