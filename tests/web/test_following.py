"""Following a tool from a page that knows nobody."""

import pytest
from sqlalchemy import update

from newsletter.db.schema import readers
from newsletter.db.statuses import ReaderStatus
from newsletter.readers.links import Purpose
from newsletter.readers.preferences import list_tools
from newsletter.readers.subscribing import MOST_MAILS
from newsletter.web.subscribe import TRAP
from tests.web.house import House, heading, path_in

KITE = ("kite", "Kite", "Coding")


@pytest.fixture
def open_house(house: House) -> House:
    house.import_tools(KITE)
    return house


def followed(house: House, reader_id: int) -> tuple[str, ...]:
    with house.app.database.read() as connection:
        return list_tools(connection, reader_id)


def test_a_reader_is_mailed_a_link_whose_button_follows(open_house: House) -> None:
    alice = open_house.add("alice@example.org")
    assert heading(open_house.get("/follow/kite")) == "Follow Kite?"
    open_house.post("/follow/kite", address="Alice@example.org")
    (mail,) = open_house.mails("alice@example.org")
    assert mail["Subject"] == "Follow Kite?"
    path = path_in(mail, "preferences")
    assert heading(open_house.get(path)) == "Follow Kite?"
    assert followed(open_house, alice) == ()
    assert heading(open_house.post(path)) == "You follow Kite"
    assert followed(open_house, alice) == ("kite",)


def test_the_answer_is_the_same_for_known_and_unknown_and_only_a_reader_is_written_to(
    open_house: House,
) -> None:
    open_house.add("alice@example.org")
    known = open_house.post("/follow/kite", address="alice@example.org")
    unknown = open_house.post("/follow/kite", address="nobody@example.org")
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    assert open_house.mails("nobody@example.org") == []
    assert open_house.find("nobody@example.org") is None


@pytest.mark.parametrize("status", [each for each in ReaderStatus if each is not ReaderStatus.ACTIVE])
def test_nobody_is_written_to_who_is_no_reader_any_more(open_house: House, status: ReaderStatus) -> None:
    alice = open_house.add("alice@example.org")
    kept = {} if status is not ReaderStatus.ERASED else {"address": None, "address_key": None}
    with open_house.app.database.write() as connection:
        connection.execute(update(readers).where(readers.c.id == alice).values(status=status, **kept))
    assert open_house.post("/follow/kite", address="alice@example.org").status_code == 200
    assert open_house.mails("alice@example.org") == []


def test_a_reader_gets_one_such_mail_for_a_tool_and_few_a_day(open_house: House) -> None:
    open_house.import_tools(*((f"kite-{number}", f"Kite {number}", "Coding") for number in range(9)))
    open_house.add("alice@example.org")
    for path in ("/follow/kite", "/follow/kite", *(f"/follow/kite-{number}" for number in range(9))):
        assert open_house.post(path, address="alice@example.org").status_code == 200
    subjects = [mail["Subject"] for mail in open_house.mails("alice@example.org")]
    assert len(subjects) == len(set(subjects)) == MOST_MAILS


def test_programs_and_floods_get_nowhere(open_house: House) -> None:
    open_house.add("alice@example.org")
    asked = open_house.post("/follow/kite", address="alice@example.org", **{TRAP: "https://spam.example"})
    assert asked.status_code == 422
    assert f'name="{TRAP}"' not in asked.text
    assert open_house.mails("alice@example.org") == []
    answers = [
        open_house.post("/follow/kite", address=f"a{number}@example.org").status_code for number in range(25)
    ]
    assert answers[0] == 200
    assert answers[-1] == 429


@pytest.mark.parametrize(
    "address", ["", "alice", "alice@", "a b@example.org", "alice@example.org\r\nBcc: x@y.org"]
)
def test_what_is_no_address_is_said_beside_the_field(open_house: House, address: str) -> None:
    answer = open_house.post("/follow/kite", address=address)
    assert answer.status_code == 422
    assert 'aria-describedby="address-fault"' in answer.text


def test_a_tool_that_nobody_knows_is_not_found(open_house: House) -> None:
    assert open_house.get("/follow/nothing").status_code == 404
    assert open_house.post("/follow/nothing", address="alice@example.org").status_code == 404


def test_a_comparisons_link_has_a_button_for_either_tool(open_house: House) -> None:
    open_house.import_tools(("wren", "Wren", "Coding"))
    alice = open_house.add("alice@example.org")
    path = f"/preferences/{open_house.token(Purpose.PREFERENCES, alice)}/follow/kite,wren,gone"
    page = open_house.get(path)
    assert heading(page) == "Follow Kite · Wren?"
    assert followed(open_house, alice) == ()
    after = open_house.post(path, tool="wren")
    assert followed(open_house, alice) == ("wren",)
    assert ("Follow Kite</button>" in after.text, "Unfollow Wren</button>" in after.text) == (True, True)
    open_house.post(path, tool="wren", stop="yes")
    assert followed(open_house, alice) == ()
    assert open_house.get(path.replace("kite,wren,gone", "gone,away")).status_code == 404
