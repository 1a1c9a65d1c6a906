"""The breaker: everybody rests, longer each time, until a message passes."""

from datetime import timedelta

from newsletter.clock import MovedClock
from newsletter.delivery.retry import Breaker
from newsletter.errors import SendError

TROUBLE = SendError("mail.example.org cannot be reached", permanent=False)


def test_rests_grow_and_end_with_the_first_success(clock: MovedClock) -> None:
    breaker, rests = Breaker(clock), []
    for _ in range(3):
        breaker.trip(TROUBLE)
        rests.append(breaker.rest)
        clock.move(breaker.rest)
    assert rests[0] < timedelta(seconds=0.2) < rests[2]
    assert breaker.trouble[0] == "mail.example.org cannot be reached"
    breaker.close()
    assert (breaker.rest, breaker.trouble) == (timedelta(0), ("", None))


def test_workers_that_fail_together_count_as_one_failure(clock: MovedClock) -> None:
    breaker = Breaker(clock)
    for _ in range(8):
        breaker.trip(TROUBLE)
    assert breaker.rest < timedelta(seconds=0.2)


def test_no_rest_is_longer_than_five_minutes_and_a_quarter(clock: MovedClock) -> None:
    breaker = Breaker(clock)
    for _ in range(40):
        breaker.trip(TROUBLE)
        assert breaker.rest <= timedelta(minutes=6, seconds=15)
        clock.move(breaker.rest)


def test_a_server_that_says_how_long_is_believed(clock: MovedClock) -> None:
    breaker = Breaker(clock)
    breaker.trip(SendError("slow down", permanent=False, retry_after=timedelta(seconds=30)))
    assert breaker.rest == timedelta(seconds=30)


def test_a_limit_of_ours_is_told_while_it_lasts(clock: MovedClock) -> None:
    breaker = Breaker(clock)
    breaker.note_limit("500/hour", clock.now() + timedelta(minutes=1))
    assert breaker.trouble == ("the limit of 500/hour is used up", clock.now() + timedelta(minutes=1))
    clock.move(timedelta(minutes=1))
    words, _ = breaker.trouble
    assert words == ""
