"""Who clicked: the rules of docs/how-to/clicks.md, one by one."""

from datetime import timedelta

import pytest

from newsletter.db.statuses import ClickKind
from newsletter.digest.clicks import Crowds, kind_of
from tests.conftest import THURSDAY

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}
BY_HAND = {**BROWSER, "sec-fetch-mode": "navigate", "sec-fetch-user": "?1"}
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("method", "headers", "since_start", "kind"),
    [
        ("GET", BY_HAND, HOUR, ClickKind.HUMAN),
        ("GET", BY_HAND, timedelta(seconds=60), ClickKind.HUMAN),
        ("GET", BY_HAND, timedelta(seconds=59), ClickKind.UNSURE),
        ("GET", BROWSER, HOUR, ClickKind.UNSURE),
        ("GET", {**BY_HAND, "sec-fetch-mode": "no-cors"}, HOUR, ClickKind.UNSURE),
        ("HEAD", BY_HAND, HOUR, ClickKind.MACHINE),
        ("GET", {**BY_HAND, "purpose": "prefetch"}, HOUR, ClickKind.MACHINE),
        ("GET", {**BY_HAND, "sec-purpose": "prefetch;prerender"}, HOUR, ClickKind.MACHINE),
        ("GET", {**BY_HAND, "x-moz": "prefetch"}, HOUR, ClickKind.MACHINE),
        ("GET", {}, HOUR, ClickKind.MACHINE),
        ("GET", {"user-agent": "curl/8.14"}, HOUR, ClickKind.MACHINE),
        (
            "GET",
            {**BY_HAND, "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
            HOUR,
            ClickKind.MACHINE,
        ),
        ("GET", {**BY_HAND, "user-agent": "BarracudaCentral LinkCheck"}, HOUR, ClickKind.MACHINE),
    ],
)
def test_who_clicked_is_told_by_the_request(
    method: str, headers: dict[str, str], since_start: timedelta, kind: ClickKind
) -> None:
    assert kind_of(method, headers, since_start) is kind


def test_the_fourth_link_within_ten_seconds_makes_a_crowd_of_its_network() -> None:
    crowds = Crowds()
    assert [crowds.is_one("192.0.2.0/24", 1, number, THURSDAY) for number in (1, 1, 2, 3, 4, 1)] == [
        False,
        False,
        False,
        False,
        True,
        True,
    ]
    assert not crowds.is_one("198.51.100.0/24", 1, 5, THURSDAY)
    assert not crowds.is_one("192.0.2.0/24", 2, 5, THURSDAY)
    assert not crowds.is_one("192.0.2.0/24", 1, 5, THURSDAY + timedelta(seconds=11))
