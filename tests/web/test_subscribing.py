import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from newsletter.app import open_app
from newsletter.clock import MovedClock
from newsletter.db.statuses import ConsentChannel, ConsentEvent, ReaderStatus
from newsletter.readers.admin import suppress_by_hand, take_off
from newsletter.readers.consents import WORDING, ConsentOrigin, list_consents
from newsletter.readers.store import change_status
from newsletter.readers.subscribing import TRAP_TOLD_FOR, count_trapped
from newsletter.web.application import make_web
from newsletter.web.subscribe import TRAP
from tests.installed import install
from tests.web.house import House, heading, path_in, text_of
from tests.web.visitor import Visitor

ALICE = "alice@example.org"


def confirm(house: House, address: str = ALICE) -> str:
    """Press the button behind the link of the first mail to the address; the path it was on."""
    (mail,) = (each for each in house.mails(address) if str(each["Subject"]).startswith("Please confirm"))
    path = path_in(mail, "confirm")
    assert heading(house.post(path)) == "You are subscribed"
    return path


def suppress(house: House, address: str, reason: str) -> None:
    suppress_by_hand(
        house.app.database,
        address,
        reason=reason,
        suppression_key=house.app.suppression_key,
        now=house.app.clock.now(),
    )


def test_a_reader_comes_in_by_asking_and_confirming(house: House) -> None:
    assert heading(house.post("/subscribe", address="Alice@Example.org")) == "Check your email"
    asked = house.find(ALICE)
    assert asked is not None
    assert (asked.status, asked.address) == (ReaderStatus.UNCONFIRMED, "Alice@example.org")
    path = confirm(house, "Alice@example.org")
    now = house.reader(asked.id)
    assert (now.status, now.confirmed_at) == (ReaderStatus.ACTIVE, house.app.clock.now())
    with house.app.database.read() as connection:
        ledger = list_consents(connection, asked.id)
    assert [(each.event, each.words, each.wording) for each in ledger] == [
        (ConsentEvent.REQUESTED, "form at /subscribe", WORDING),
        (ConsentEvent.CONFIRMED, "form at /subscribe", WORDING),
    ]
    assert heading(house.post(path)) == "You are subscribed"
    subjects = [str(mail["Subject"]) for mail in house.mails("Alice@example.org")]
    assert subjects == ["Please confirm: Weekly Verdicts by email", "You are in: Weekly Verdicts"]


def test_the_links_of_the_welcome_mail_are_the_readers_own(house: House) -> None:
    house.add("first@example.org")
    house.post("/subscribe", address=ALICE)
    confirm(house)
    welcome = house.mails(ALICE)[-1]
    house.post(path_in(welcome, "unsubscribe"))
    found = house.find(ALICE)
    assert found is not None
    assert found.status is ReaderStatus.LEFT
    assert house.get(path_in(welcome, "preferences")).status_code == 200


def test_the_confirmation_holds_nothing_that_a_visitor_wrote(house: House) -> None:
    house.post("/subscribe", address=ALICE, name="Click https://evil.example")
    (mail,) = house.mails(ALICE)
    assert "evil" not in mail.as_string()
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] is None


def test_known_and_unknown_addresses_get_the_same_answer(house: House) -> None:
    house.add("known@example.org")
    house.add("left@example.org")
    take_off(house.app.database, "left@example.org", now=house.app.clock.now())
    suppress(house, "never@example.org", "asked by letter")
    pages = {
        house.post("/subscribe", address=f"{name}@example.org").text
        for name in ("known", "unknown", "left", "never")
    }
    assert len(pages) == 1
    api = [
        house.client.post("/api/subscriptions", json={"address": f"{name}@example.org"})
        for name in ("known", "unknown2", "left", "never")
    ]
    assert {(each.status_code, each.text) for each in api} == {(202, api[0].text)}


def test_who_has_it_already_or_said_never_again_gets_no_mail(house: House) -> None:
    house.add("known@example.org")
    suppress(house, "never@example.org", "asked by letter")
    complained = house.add("angry@example.org")
    by_mail = ConsentOrigin(channel=ConsentChannel.MAIL)
    with house.app.database.write() as connection:
        change_status(connection, complained, ReaderStatus.COMPLAINED, by_mail, house.app.clock.now())
    for name in ("known", "never", "angry"):
        house.post("/subscribe", address=f"{name}@example.org")
        assert house.mails(f"{name}@example.org") == []


def test_who_left_comes_back_by_confirming_again(house: House) -> None:
    reader_id = house.add(ALICE)
    take_off(house.app.database, ALICE, now=house.app.clock.now())
    house.post("/subscribe", address=ALICE)
    assert house.reader(reader_id).status is ReaderStatus.LEFT
    confirm(house)
    assert house.reader(reader_id).status is ReaderStatus.ACTIVE


def test_an_old_confirmation_brings_nobody_back_who_left_since(house: House) -> None:
    house.post("/subscribe", address=ALICE)
    path = confirm(house)
    take_off(house.app.database, ALICE, now=house.app.clock.now())
    answer = house.post(path)
    assert (answer.status_code, heading(answer)) == (400, "This link does not work")


def test_who_was_erased_may_come_back_and_is_off_the_list_then(house: House) -> None:
    house.app.eraser.erase(house.add(ALICE), ConsentChannel.PAGE)
    assert len(house.rows()["suppressions"]) == 1
    house.post("/subscribe", address=ALICE)
    assert len(house.rows()["suppressions"]) == 1
    confirm(house)
    assert house.rows()["suppressions"] == []


def test_an_address_gets_one_confirmation_in_twelve_hours(house: House, clock: MovedClock) -> None:
    for _again in range(5):
        house.post("/subscribe", address=ALICE)
        clock.move(timedelta(hours=2))
    assert len(house.mails(ALICE)) == 1
    clock.move(timedelta(hours=2, seconds=1))
    house.post("/subscribe", address=ALICE)
    assert len(house.mails(ALICE)) == 2


def test_a_link_to_confirm_expires(house: House, clock: MovedClock) -> None:
    house.post("/subscribe", address=ALICE)
    (mail,) = house.mails(ALICE)
    clock.move(timedelta(days=30, seconds=1))
    assert house.get(path_in(mail, "confirm")).status_code == 400
    assert house.post(path_in(mail, "confirm")).status_code == 400


def test_the_unconfirmed_are_reminded_once_and_then_forgotten(house: House, clock: MovedClock) -> None:
    house.post("/subscribe", address=ALICE)
    app, two_days = house.app, timedelta(hours=48)
    assert app.subscribing.remind(two_days, clock.now()) == 0
    clock.move(two_days)
    assert app.subscribing.remind(two_days, clock.now()) == 1
    assert app.subscribing.remind(two_days, clock.now()) == 0
    reminder = house.mails(ALICE)[0]
    assert reminder["Subject"] == "Once more: please confirm Weekly Verdicts"
    assert house.get(path_in(reminder, "confirm")).status_code == 200
    clock.move(timedelta(days=28))
    assert app.eraser.forget_unconfirmed(timedelta(days=30)) == 1
    assert house.find(ALICE) is None
    assert house.mails(ALICE) == []
    assert house.get(path_in(reminder, "confirm")).status_code == 400


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "there is no mail address"),
        ("nonsense", "is no mail address"),
        ("a@b", "is no mail address"),
        ("alice@example.org\r\nBcc: bob@example.org", "is no mail address"),
        ("alice@example.org\nSubject: x", "is no mail address"),
        ("alice@example.org, bob@example.org", "is no mail address"),
        ("alice\x00@example.org", "is no mail address"),
        ("a" * 400 + "@example.org", "is no mail address"),
        ("<script>alert(1)</script>@example.org", "is no mail address"),
    ],
)
def test_what_is_no_address_is_said_so_and_nothing_is_kept(house: House, address: str, words: str) -> None:
    answer = house.post("/subscribe", address=address)
    assert answer.status_code == 422
    assert words in answer.text
    assert "<script>" not in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert house.rows()["readers"] == []
    assert house.client.post("/api/subscriptions", json={"address": address}).status_code in (400, 422)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("jürgen@bücher.example.org", "jürgen@xn--bcher-kva.example.org"),
        ("reader@例え.jp", "reader@xn--r8jz45g.jp"),
        (" alice@example.org ", "alice@example.org"),
        ("Alice <alice@example.org>", "alice@example.org"),
    ],
)
def test_addresses_of_every_script_are_taken(house: House, typed: str, kept: str) -> None:
    assert house.post("/subscribe", address=typed).status_code == 200
    found = house.find(kept)
    assert found is not None
    assert found.address == kept


def test_whoever_fills_in_what_people_do_not_see_is_asked_once_more(house: House) -> None:
    answer = house.post("/subscribe", address=ALICE, **{TRAP: "https://spam.example"})
    assert answer.status_code == 422
    assert "Please press the button once more." in answer.text
    assert house.rows()["readers"] == []
    with house.app.database.read() as connection:
        assert count_trapped(connection, house.app.clock.now() - TRAP_TOLD_FOR) == 1
    again = fields_of(answer.text)
    assert again == {"address": ALICE}
    assert heading(house.post("/subscribe", **again)) == "Check your email"
    assert len(house.mails(ALICE)) == 1


def test_a_form_of_an_earlier_release_that_a_browser_fills_in_loses_nobody(house: House) -> None:
    house.post("/subscribe", address=ALICE, website="https://alice.example")
    assert len(house.mails(ALICE)) == 1


#: What browsers and password managers know fields by.
FILLED_BY_ITSELF = re.compile(
    "name|mail|url|web|site|company|org|phone|tel|addr|city|zip|country|user|login|pass"
)


@pytest.mark.parametrize("path", ["/subscribe", "/subscribe/form", "/follow/kite"])
def test_no_browser_knows_what_to_put_into_the_trap(house: House, path: str) -> None:
    house.import_tools(("kite", "Kite", "Coding"))
    page = unescape(house.get(path).text)
    (trap,) = re.findall(r'<input type="text"[^>]*>', page)
    assert f'name="{TRAP}"' in trap
    for said in (
        'autocomplete="off"',
        'tabindex="-1"',
        "data-1p-ignore",
        'data-lpignore="true"',
        "data-bwignore",
    ):
        assert said in trap
    assert not FILLED_BY_ITSELF.search(TRAP)


def fields_of(page: str) -> dict[str, str]:
    """What a browser sends of the page's form when nobody types anything."""
    inputs = (dict(re.findall(r'(\w+)="([^"]*)"', each)) for each in re.findall(r"<input[^>]*>", page))
    return {each["name"]: each.get("value", "") for each in inputs}


def test_a_list_of_disposable_domains_is_obeyed(house: House, tmp_path: Path) -> None:
    folder = house.app.settings.folder
    (folder / "disposable.txt").write_text("# thrown away\nmailinator.example\n")
    settings = folder / "newsletter.toml"
    settings.write_text(
        settings.read_text().replace("[readers]", '[readers]\ndisposable_domains = "disposable.txt"')
    )
    app = open_app(folder, house.app.clock)
    client = Visitor(make_web(app))
    for domain in ("mailinator.example", "MAILINATOR.example", "sub.mailinator.example"):
        assert client.post("/subscribe", data={"address": f"a@{domain}"}).status_code == 422
    assert client.post("/subscribe", data={"address": "a@notmailinator.example"}).status_code == 200
    app.close()


@pytest.mark.parametrize("missing", ["controller", "privacy_url", "postal_address"])
def test_it_does_not_open_before_the_operator_says_who_they_are(
    tmp_path: Path, clock: MovedClock, missing: str
) -> None:
    install(tmp_path / "weekly", example=True)
    settings = tmp_path / "weekly" / "newsletter.toml"
    lines = [line for line in settings.read_text().splitlines() if not line.startswith(f"{missing} =")]
    settings.write_text("\n".join(lines))
    app = open_app(tmp_path / "weekly", clock)
    client = Visitor(make_web(app))
    page = client.get("/subscribe")
    assert (page.status_code, f"site.{missing}" in page.text) == (403, True)
    assert client.get("/subscribe/form").status_code == 403
    assert client.post("/subscribe", data={"address": ALICE}).status_code == 403
    assert client.post("/api/subscriptions", json={"address": ALICE}).status_code == 403
    app.close()


def test_the_form_for_other_sites_works_from_there(house: House) -> None:
    snippet = house.get("/subscribe/form").text
    assert "&lt;form method=&#34;post&#34;" in snippet or '&lt;form method="post"' in snippet
    foreign = {"Origin": "https://tools.example.org", "Sec-Fetch-Site": "cross-site"}
    answer = house.client.post("/subscribe", data={"address": ALICE, "leave_empty": ""}, headers=foreign)
    assert heading(answer) == "Check your email"


def test_list_bombing_is_bounded_by_network_and_by_domain(house: House, clock: MovedClock) -> None:
    answers = [
        house.post("/subscribe", address=f"victim{number}@example.org").status_code for number in range(1000)
    ]
    assert (answers.count(200), answers.count(429)) == (20, 980)
    assert len(house.rows()["mails"]) == 20
    clock.move(timedelta(hours=1))
    assert house.post("/subscribe", address="late@example.org").status_code == 200


def test_one_domain_is_not_flooded_from_many_networks(house: House) -> None:
    web = make_web(house.app)
    statuses = []
    for number in range(310):
        visitor = Visitor(web, client=(f"10.{number // 200}.{number % 200}.1", 5000))
        answer = visitor.post("/subscribe", data={"address": f"victim{number}@example.org"})
        statuses.append(answer.status_code)
    assert statuses == [200] * 300 + [429] * 10
    assert (
        Visitor(web, client=("10.9.9.9", 1)).post("/subscribe", data={"address": "a@example.net"}).status_code
        == 200
    )


def test_a_mailbox_is_not_flooded_by_the_tags_of_its_address(house: House, clock: MovedClock) -> None:
    web = make_web(house.app)
    answers = set()
    for number in range(12):
        visitor = Visitor(web, client=(f"10.0.{number}.1", 5000))
        answer = visitor.post("/subscribe", data={"address": f"Victim+{number}@example.org"})
        answers.add((answer.status_code, answer.content))
    assert len(answers) == 1
    assert len(house.rows()["mails"]) == len(house.rows()["readers"]) == 5
    house.post("/subscribe", address="somebody@example.org")
    clock.move(timedelta(hours=1))
    house.post("/subscribe", address="victim+late@example.org")
    assert len(house.rows()["mails"]) == 7


def test_the_counts_survive_a_restart_and_name_nobody(house: House) -> None:
    for number in range(20):
        house.post("/subscribe", address=f"victim{number}@example.org")
    again = open_app(house.app.settings.folder, house.app.clock)
    client = Visitor(make_web(again))
    assert client.post("/subscribe", data={"address": "one@example.net"}).status_code == 429
    again.close()
    counts = str(house.rows()["sign_up_counts"])
    assert "example.org" not in counts
    assert "testclient" not in counts


def test_the_mail_says_who_writes_and_why(house: House) -> None:
    house.post("/subscribe", address=ALICE)
    (mail,) = house.mails(ALICE)
    assert "If it was not you, do nothing" in text_of(mail)


def test_a_script_of_another_site_may_subscribe_and_read_the_answer(house: House) -> None:
    asked = house.client.options(
        "/api/subscriptions",
        headers={
            "Origin": "https://shop.example.org",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-methods"] == "POST"
    assert asked.headers["access-control-allow-headers"] == "Content-Type"
    elsewhere = {"Origin": "https://shop.example.org", "Sec-Fetch-Site": "cross-site"}
    for address, status in (("alice@example.org", 202), ("alice", 400)):
        answer = house.client.post("/api/subscriptions", json={"address": address}, headers=elsewhere)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, "*")
    unreadable = house.client.post("/api/subscriptions", content=b"{", headers=elsewhere)
    assert (unreadable.status_code, unreadable.headers["access-control-allow-origin"]) == (422, "*")


def test_no_other_page_can_be_read_by_scripts_of_other_sites(house: House) -> None:
    for path in ("/subscribe", "/archive", "/openapi.json", "/api/nothing"):
        assert "access-control-allow-origin" not in house.get(path).headers
