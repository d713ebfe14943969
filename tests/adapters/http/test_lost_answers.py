"""The delivery over real HTTP when an answer is lost after the server has acted on the call (law 5)."""

import pytest

from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.notification import Notify, Status
from digital_painschool.testing.environment import with_adapters
from digital_painschool.testing.scenario import Scenario
from tests.adapters.http.elks_server import ElksServer
from tests.adapters.http.integration_platform import IntegrationPlatform
from tests.delivery.faulty import NINE, asking, done, statuses


@pytest.mark.rule("D-13a")
@pytest.mark.parametrize("notify", [Notify.DIRECT, Notify.COLLECTED])
def test_a_notice_whose_answer_was_lost_is_not_delivered_again(platform: IntegrationPlatform, notify: Notify) -> None:
    """Otherwise a patient would be told a second time whenever a connection breaks."""
    school = Scenario(with_adapters(inbox=platform.inbox()))
    id_ = asking(school, notify=notify)
    school.now = NINE
    platform.loses_answers_to = "notices"
    assert DeliveryReport(retried=1).counts == school.deliver().counts
    platform.loses_answers_to = ""
    school.advance(minutes=5)
    assert DeliveryReport(delivered=1).counts == school.deliver().counts
    assert [Status.DELIVERED] == statuses(school, id_)
    assert 1 == len(platform.arrivals())


@pytest.mark.rule("D-13d")
def test_a_question_whose_answer_was_lost_is_asked_again(platform: IntegrationPlatform) -> None:
    """Otherwise a patient would be flagged as unreachable, or be told without the platform's having been asked."""
    school = Scenario(with_adapters(inbox=platform.inbox()))
    id_ = asking(school, notify=Notify.DIRECT)
    platform.loses_answers_to = "reach"
    assert DeliveryReport(retried=1).counts == school.deliver().counts
    assert ([], [Status.PENDING]) == (platform.arrivals(), statuses(school, id_))
    platform.loses_answers_to = ""
    school.advance(minutes=5)
    assert DeliveryReport(sent=1, delivered=1).counts == school.deliver().counts


@pytest.mark.rule("M-23", "D-13d")
def test_an_sms_whose_answer_was_lost_goes_again_and_never_not_at_all(
    elks: ElksServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise a therapist would not be told; a second SMS is the price, since 46elks knows no key, and is logged."""
    school = Scenario(with_adapters(messengers=(elks.messenger(),)))
    school.desk.receive_notifications(email=False, sms=True)
    id_ = done(school)
    elks.loses_answers_to = "sms"
    assert DeliveryReport(retried=1) == school.deliver()
    assert "whether the message went is unknown" in caplog.text
    elks.loses_answers_to = ""
    school.advance(minutes=5)
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()
    assert ([Status.DELIVERED], 2) == (statuses(school, id_), len(elks.sent))
