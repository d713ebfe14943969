"""What the contracts of the inbox and of the messengers share: something is sent once, under a key, to somebody."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar

import pytest

from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import HsaId
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.inbox import Delivered
from digital_painschool.testing.contracts.arrivals import Arrival, Sent, assert_arrived
from digital_painschool.testing.contracts.base import Adapter, Contract
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import THREADS, in_threads
from digital_painschool.testing.people import OTHER_UNIT, UNIT

KEYS = tuple(f"key-{number}" for number in range(25))
"""So many that those who send them in step meet at some."""
MANY_KEYS = 1500
"""So many keys does a purge forget in one call: more than an adapter can ask its system about at a time."""
TURNS = 6
"""So many does each thread send."""
ACCEPTED, DUPLICATE = Delivered.ACCEPTED, Delivered.DUPLICATE


class SendingContract(Contract[Adapter]):
    """The clauses of a port that sends under a key. An author takes `InboxContract` or `MessengerContract`.

    Attributes:
        deletes: False for an adapter that cannot delete what it has sent: `forget` then returns 0.
        fixed_texts: What the adapter adds to the text of each, the same for everybody: a mail's subject.
        language: The language in which the contract sends.
        languages: The languages in which the adapter has the texts; state them where they are not all.
        link: Where there is something to read.
        templates: The texts that can be sent; the contract sets them.
        usual: The text that `send` takes where none is named; the contract sets it.
    """

    deletes: ClassVar[bool] = True
    fixed_texts: ClassVar[Sequence[str]] = ()
    language: ClassVar[Language] = Language.SWEDISH
    languages: ClassVar[Sequence[Language]] = tuple(Language)
    link: ClassVar[str] = "https://painschool.example/"
    templates: ClassVar[Sequence[Template]]
    usual: ClassVar[Template]
    _method: ClassVar[str]

    def recipients(self) -> tuple[Any, Any]:
        """Return two who can be reached."""
        raise NotImplementedError

    def unreachable_recipient(self) -> Any:
        """Return one who is refused, or None."""
        raise NotImplementedError

    def send(
        self,
        adapter: Any,
        key: str,
        to: Any = None,
        *,
        template: Template | None = None,
        link: str | None = None,
        language: Language | None = None,
        unit: HsaId | None = None,
    ) -> Delivered:
        """Send a text with a link to somebody: to the first of the recipients where nobody is named."""
        raise NotImplementedError

    def _knows_keys(self, adapter: Adapter) -> bool:  # noqa: ARG002 - an inbox always has to
        """Return whether an adapter has to recognise a repeated key."""
        return True

    def spoil(self, place: Any) -> None:  # noqa: ARG002 - whoever overrides it is given the place
        """Make the adapter unable to send or forget anything; override it, or those clauses are not proved."""
        self.not_proved("what an adapter out of order says", "spoil")

    def mend(self, place: Any) -> None:  # noqa: ARG002 - whoever overrides it is given the place
        """Make it possible to send again; override it with `spoil`."""
        self.not_proved("that what failed in an outage is sent after it", "mend")

    def busy(self, place: Any, seconds: int) -> None:  # noqa: ARG002 - whoever overrides it is given the place
        """Make what is behind the adapter ask to wait so long; override it where your system can ask."""
        self.not_proved("that a wait that the system asks for is passed on", "busy")

    def arrived(self, place: Any, adapter: Any) -> Iterable[Arrival]:  # noqa: ARG002 - whoever overrides it
        """Return what has arrived, read back behind the adapter; override it, or it is not proved."""
        self.not_proved("what really arrives, and at whom", "arrived")

    @pytest.fixture
    def adapter(self, place: Any) -> Iterator[Adapter]:
        """An adapter that has sent nothing yet."""
        with self.opened(place) as adapter:
            yield adapter

    @pytest.fixture
    def nobody(self) -> Any:
        """A recipient who is refused."""
        found = self.unreachable_recipient()
        if found is None:
            pytest.skip("this adapter refuses nobody")
        return found

    @pytest.fixture
    def remembering(self, place: Any) -> None:
        """The condition of a test: the way recognises a repeated key."""
        with self.opened(place) as adapter:
            if not self._knows_keys(adapter):
                pytest.skip("this way cannot tell a repeated key")

    def sent(
        self,
        to: Any,
        *,
        template: Template | None = None,
        link: str | None = None,
        language: Language | None = None,
        unit: HsaId | None = None,
    ) -> Sent:
        """Return what arrives when `send` is called so."""
        text, where, spoken = template or self.usual, link or self.link, language or self.language
        return Sent(recipient=to.value, template=text, link=where, unit=unit or UNIT, language=spoken)

    def assert_arrived(self, place: Any, adapter: Any, *sent: Sent) -> None:
        """Assert that this arrived and nothing else, as it was given."""
        assert_arrived(self.arrived(place, adapter), *sent, fixed_texts=self.fixed_texts)

    def assert_forgets(self, adapter: Any, keys: Iterable[str], stored: int) -> None:
        """Assert that `forget` deletes what is stored under some keys, or nothing where the adapter cannot delete."""
        deleted = adapter.forget(keys)
        advice = "if it cannot delete, state" if self.deletes else "the contract states"
        right = deleted == stored * self.deletes
        assert right, f"`forget` returned {deleted!r} of {stored}; {advice} `deletes = False`"

    @proves("{port}: threads")
    def test_many_threads_send_different_keys(self, adapter: Any) -> None:
        """Otherwise, on a busy morning, one patient's notice would be taken for another's."""
        results = in_threads([partial(self.send, adapter, key) for key in KEYS[:THREADS]], taking_turns=adapter)
        assert [ACCEPTED] * THREADS == results

    @proves("{port}: threads")
    def test_what_many_threads_send_arrives_as_each_gave_it(self, place: Any) -> None:
        """Otherwise, on a busy morning, one patient would read what is another's, or nothing."""
        recipients, notices = self.recipients(), range(THREADS * TURNS)
        sent = [
            self.sent(
                recipients[number % 2],
                template=self.templates[number % len(self.templates)],
                link=f"{self.link.rstrip('/')}/{number:03}",
            )
            for number in notices
        ]

        def work(thread: int, adapter: Any) -> list[Delivered]:
            return [
                self.send(
                    adapter,
                    f"key-{number}",
                    recipients[number % 2],
                    template=sent[number].template,
                    link=sent[number].link,
                )
                for number in notices[thread::THREADS]
            ]

        with self.opened(place) as adapter:
            self.arrived(place, adapter)  # without the hook nothing is proved
            results = in_threads([partial(work, thread, adapter) for thread in range(THREADS)], taking_turns=adapter)
            assert [[ACCEPTED] * TURNS] * THREADS == results
            self.assert_arrived(place, adapter, *sent)

    @proves("{port}.forget")
    def test_what_is_forgotten_is_gone_and_nothing_else(self, adapter: Any) -> None:
        """Otherwise a purge would leave a patient's number, stop at a key that is not there, or take another's."""
        for key in ("key-1", "key-2", "key-3"):
            self.send(adapter, key)
        unknown = [f"never-sent-{number}" for number in range(MANY_KEYS)]
        self.assert_forgets(adapter, iter(["key-1", *unknown, "key-3"]), 2)
        assert [0, 0] == [adapter.forget(iter(["key-1", "key-3"])), adapter.forget([])]
        assert ACCEPTED is self.send(adapter, "key-4")
        if self._knows_keys(adapter):
            assert DUPLICATE is self.send(adapter, "key-2")
        if self._knows_keys(adapter) and not self.deletes:
            assert DUPLICATE is self.send(adapter, "key-1"), "`forget` cannot delete, and the key is unknown after it"

    @proves("{port}: as given")
    def test_a_notice_arrives_as_it_was_given(self, place: Any) -> None:
        """Otherwise an adapter would accept everything, and tell nobody, somebody else, or something else."""
        links = self.link, f"https://painschool.example/{'read/' * 40}"
        sent: list[Sent] = []
        with self.opened(place) as adapter:
            for template in self.templates:
                for to, link, unit in zip(self.recipients(), links, (UNIT, OTHER_UNIT), strict=True):
                    key = f"{template.value} {len(sent)}"
                    assert ACCEPTED is self.send(adapter, key, to, template=template, link=link, unit=unit)
                    sent.append(self.sent(to, template=template, link=link, unit=unit))
            self.assert_arrived(place, adapter, *sent)

    @proves("{port}: language")
    def test_a_notice_arrives_in_its_language(self, place: Any) -> None:
        """Otherwise the patients of one unit would be written to in the language of another (D-24d)."""
        both = [(text, language) for text in self.templates for language in self.languages]
        with self.opened(place) as adapter:
            for number, (text, language) in enumerate(both):
                assert ACCEPTED is self.send(adapter, f"key-{number}", template=text, language=language)
            sent = [self.sent(self.recipients()[0], template=text, language=language) for text, language in both]
            self.assert_arrived(place, adapter, *sent)

    @proves("{port}: as given", "{port}: idempotent")
    def test_a_key_arrives_as_often_as_it_is_accepted(self, place: Any) -> None:
        """Otherwise an adapter would answer that it knows the key, and send it again all the same."""
        to, _ = self.recipients()
        with self.opened(place) as adapter:
            answers = [self.send(adapter, "key-1", to) for _ in range(3)]
            self.assert_arrived(place, adapter, *[self.sent(to)] * answers.count(ACCEPTED))

    @proves("{port}.forget")
    def test_what_is_forgotten_is_there_no_more(self, place: Any) -> None:
        """Otherwise a purge would count as deleted what is still kept with the number (D-21a)."""
        if not self.deletes:
            pytest.skip("this adapter cannot delete what it has sent")
        with self.opened(place) as adapter:
            for key, to in zip(("key-1", "key-2"), self.recipients(), strict=True):
                self.send(adapter, key, to)
            self.assert_forgets(adapter, ["key-1"], 1)
            self.assert_arrived(place, adapter, self.sent(self.recipients()[1]))
