"""What every transport owes the sender: tests that a class for each transport inherits, in a file of its own for a new one."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence

from newsletter.delivery.ledger import Recipient
from newsletter.delivery.states import Event, Outcome
from newsletter.delivery.transports import Transport
from newsletter.errors import SendError
from tests.delivery.house import mailing


def recipients(count: int) -> list[Recipient]:
    return [
        Recipient(reader_id=number, address=f"reader{number}@example.org", attempts=0)
        for number in range(1, count + 1)
    ]


class Way(ABC):
    """A transport, the same one out of order, and what has come out at its end."""

    transport: Transport
    out_of_order: Transport

    @abstractmethod
    def arrived(self) -> Counter[str]:
        """How many messages each address has."""

    @abstractmethod
    def message_ids(self) -> list[str]:
        """The Message-ID of each message that arrived."""


class TransportContract:
    """Inherited by a class for each transport, which brings the fixture `way`."""

    def send(
        self, transport: Transport, to: Sequence[Recipient]
    ) -> tuple[list[Outcome], list[int], SendError | None]:
        session, started, outcomes, trouble = transport.open(), list[int](), list[Outcome](), None
        try:
            for outcome in session.send(
                iter(to), mailing(), lambda who: started.extend(x.reader_id for x in who)
            ):
                assert outcome.reader_id in started or outcome.event is Event.REJECT
                outcomes.append(outcome)
        except SendError as error:
            trouble = error
        session.close()
        return outcomes, started, trouble

    def test_everybody_gets_one_message_and_one_outcome(self, way: Way) -> None:
        outcomes, started, trouble = self.send(way.transport, recipients(5))
        assert [(each.reader_id, each.event) for each in outcomes] == [(n, Event.ACCEPT) for n in range(1, 6)]
        assert started == [1, 2, 3, 4, 5]
        assert trouble is None
        assert way.arrived() == Counter(each.address for each in recipients(5))

    def test_what_was_accepted_has_a_code_and_the_providers_id(self, way: Way) -> None:
        (outcome,), _, _ = self.send(way.transport, recipients(1))
        assert outcome.code
        assert outcome.provider_id

    def test_a_message_keeps_its_id_when_it_is_sent_again(self, way: Way) -> None:
        for _ in range(2):
            self.send(way.transport, recipients(1))
        assert len(set(way.message_ids())) == 1

    def test_an_address_that_no_mail_can_reach_is_rejected_and_the_others_are_sent(self, way: Way) -> None:
        hostile = Recipient(reader_id=9, address="a@b.example\r\nBcc: evil@example.org", attempts=0)
        outcomes, started, trouble = self.send(way.transport, [*recipients(2), hostile])
        assert {each.reader_id: each.event for each in outcomes} == {
            1: Event.ACCEPT,
            2: Event.ACCEPT,
            9: Event.REJECT,
        }
        assert 9 not in started
        assert trouble is None
        assert set(way.arrived()) == {"reader1@example.org", "reader2@example.org"}

    def test_nobody_to_send_to_is_no_trouble(self, way: Way) -> None:
        assert self.send(way.transport, []) == ([], [], None)

    def test_out_of_order_nobody_is_mailed_and_nobody_loses_anything(self, way: Way) -> None:
        outcomes, _, trouble = self.send(way.out_of_order, recipients(3))
        assert {each.event for each in outcomes} <= {Event.RETURN}
        assert trouble is not None
        assert not trouble.permanent
        assert way.arrived() == Counter()

    def test_a_session_goes_on_after_trouble_and_closes_more_than_once(self, way: Way) -> None:
        session = way.transport.open()
        for _ in range(2):
            outcomes = list(session.send(iter(recipients(1)), mailing(), lambda who: None))
            assert [each.event for each in outcomes] == [Event.ACCEPT]
            session.close()
            session.close()
