"""A program that opens every link of every mail, as mail filters do, changes nothing."""

import re

from fastapi.routing import iter_route_contexts

from newsletter.readers.links import Purpose
from newsletter.web.application import make_web
from tests.web.house import House, text_of

#: What may stand in a path, so that the pages behind it do their work.
TOOL = "kite"


def readable(house: House) -> list[str]:
    """The paths of all routes that answer to GET."""
    web = make_web(house.app)
    routes = iter_route_contexts(web.router.routes)
    return sorted({str(each.path) for each in routes if "GET" in (each.methods or ())})


def filled(house: House, path: str, reader_id: int) -> list[str]:
    """A route's path with each token that there can be, and without one."""
    tokens = [house.token(purpose, reader_id) for purpose in Purpose] if "{token}" in path else ["x"]
    return [
        re.sub(r"{[^}]*}", "1", path.replace("{token}", each).replace("{tool_id:path}", TOOL))
        for each in tokens
    ]


def test_no_route_changes_anything_when_it_is_read(house: House) -> None:
    house.import_tools((TOOL, "Kite", "Coding"))
    house.post("/subscribe", address="bob@example.org")
    house.mails("bob@example.org")
    unconfirmed = house.find("bob@example.org")
    assert unconfirmed is not None
    readers = (house.add("alice@example.org"), unconfirmed.id)
    paths = readable(house)
    assert {"/unsubscribe/{token}", "/confirm/{token}", "/personal/{token}/export"} <= set(paths)
    before = house.rows()
    answers = [
        (method, path, house.client.request(method, path, follow_redirects=False))
        for each in paths
        for reader_id in readers
        for path in filled(house, each, reader_id)
        for method in ("GET", "HEAD")
    ]
    assert house.rows() == before
    assert [(method, path) for method, path, answer in answers if answer.status_code >= 500] == []
    assert [path for method, path, answer in answers if method == "HEAD" and answer.status_code == 405] == []
    assert sum(answer.status_code == 200 for _, _, answer in answers) > 20


def test_every_link_of_every_mail_can_be_opened_without_harm(house: House) -> None:
    reader_id = house.add("alice@example.org")
    house.post("/subscribe", address="bob@example.org")
    house.post(f"/preferences/{house.token(Purpose.PREFERENCES, reader_id)}/link")
    mails = house.mails("alice@example.org") + house.mails("bob@example.org")
    links = {link for mail in mails for link in re.findall(r"http://localhost:8000(/\S*)", text_of(mail))}
    assert {link.split("/")[1] for link in links} >= {"personal", "confirm"}
    before = house.rows()
    for link in links:
        assert house.client.get(link).status_code < 500
        assert house.client.head(link).status_code < 500
    assert house.rows() == before
