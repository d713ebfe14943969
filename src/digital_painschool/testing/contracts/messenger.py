"""The contract of the messaging port. Rule: M-22, M-23, D-13c."""

from collections.abc import Sequence
from typing import Any, ClassVar

from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address, Messenger, remembers_keys
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.refusals import RefusingContract
from digital_painschool.testing.contracts.sending import ACCEPTED
from digital_painschool.testing.people import UNIT


class MessengerContract(RefusingContract[Messenger]):
    """Every clause of the messaging port: say how yours is opened, and run pytest.

        class TestOurMessenger(MessengerContract):
            channel = Channel.SMS
            deletes = False

            def open(self, place: Path) -> Messenger:
                return OurMessenger(gateway=...)

    `Contract` describes `open`, `place`, `durable` and `shared`; `SendingContract` describes `deletes`
    and the hooks. Whether it recognises a repeated key is the messenger's own to say (`remembers_keys = False`).

    Attributes:
        channel: Which channel the messenger serves.
        address: One that it can send to.
        another_address: A second one that it can send to.
        refused: One that it cannot send to; None when it refuses none. Set it to one that your system refuses, or what
            becomes of a refusal is not proved.
    """

    about: ClassVar[tuple[type, ...]] = (Messenger,)
    templates: ClassVar[Sequence[Template]] = tuple(Template)
    usual: ClassVar[Template] = Template.PROGRAM_DONE
    link: ClassVar[str] = "https://www.vgregion.se/sob"
    _method: ClassVar[str] = "send"
    channel: ClassVar[Channel] = Channel.EMAIL
    address: ClassVar[Address] = Address("namn.efternamn@vgregion.example")
    another_address: ClassVar[Address] = Address("Annan.Person@vgregion.example")
    refused: ClassVar[Address | None] = None

    def recipients(self) -> tuple[Address, Address]:
        return self.address, self.another_address

    def unreachable_recipient(self) -> Address | None:
        return self.refused

    def _knows_keys(self, adapter: Messenger) -> bool:
        return remembers_keys(adapter)

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
        text, spoken = template or self.usual, language or self.language
        options = {"key": key, "unit": unit or UNIT, "language": spoken}
        delivered: Delivered = adapter.send(to or self.address, text, link or self.link, **options)
        return delivered

    @proves("Messenger.channel")
    def test_it_serves_its_channel_to_staff(self, adapter: Messenger) -> None:
        """Otherwise it would never be chosen, or an SMS go to an e-mail address, or a patient's notice to staff."""
        assert self.channel is adapter.channel
        assert self.channel is not Channel.INBOX

    @proves("Messenger.send")
    def test_every_template_can_be_sent(self, adapter: Messenger) -> None:
        """Otherwise a flag that a unit has put on offer would fail at the first notification."""
        for template in Template:
            assert ACCEPTED is self.send(adapter, template.value, template=template)
