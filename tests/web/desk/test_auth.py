"""Who may see which page of the desk: asked of every route there is."""

import re
from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from newsletter.app import App
from newsletter.web.application import make_web
from newsletter.web.desk.auth import read_desk_form, require_editor, require_publisher
from tests.web.desk.desk import Desk

#: Whoever is not signed in yet may ask for a link, and press the button behind it.
OPEN = {"/desk/sign-in", "/desk/sign-in/{token}", "/desk-assets/{name}"}


def routes(app: App) -> list[APIRoute]:
    found = [each.route for each in iter_route_contexts(make_web(app).router.routes)]
    return [each for each in found if isinstance(each, APIRoute) and each.path.startswith("/desk")]


def asked_by(dependant: Dependant) -> Iterator[object]:
    """Everything that a route depends on."""
    yield dependant.call
    for each in dependant.dependencies:
        yield from asked_by(each)


def filled(path: str) -> str:
    return re.sub(r"{[^}]*}", "1", path)


def test_every_route_asks_who_is_there(app: App) -> None:
    closed = [each for each in routes(app) if each.path not in OPEN]
    assert len(closed) >= 3
    assert [each.path for each in closed if require_editor not in asked_by(each.dependant)] == []


def test_every_form_is_asked_for_its_token(app: App) -> None:
    posting = [each for each in routes(app) if each.path not in OPEN and "POST" in (each.methods or ())]
    assert posting
    assert [each.path for each in posting if read_desk_form not in asked_by(each.dependant)] == []


def test_nobody_gets_anywhere_without_signing_in(desk: Desk) -> None:
    for route in routes(desk.app):
        if route.path not in OPEN:
            for method in route.methods or ():
                answer = desk.browser().client.request(method, filled(route.path), follow_redirects=False)
                reached = (answer.status_code, answer.headers.get("location", "/desk/sign-in"))
                assert reached == (303 if method == "GET" else 401, "/desk/sign-in"), route.path


def test_a_writer_gets_on_no_page_of_publishers(desk: Desk) -> None:
    kept = [each for each in routes(desk.app) if require_publisher in asked_by(each.dependant)]
    for route in kept:
        for method in route.methods or ():
            answer = desk.writer.client.request(method, filled(route.path), data={"csrf": desk.writer.csrf})
            assert answer.status_code == 403, f"{method} {route.path}"


@pytest.mark.parametrize(
    "path",
    [
        "/desk/readers",
        "/desk/readers/{reader_id}",
        "/desk/readers/{reader_id}/export",
        "/desk/readers/{reader_id}/erase",
        "/desk/editors",
        "/desk/outbox",
    ],
)
def test_personal_data_is_for_publishers(app: App, path: str) -> None:
    kept = {each.path for each in routes(app) if require_publisher in asked_by(each.dependant)}
    assert path in kept


class Filled(dict[str, object]):
    """The same value for every part of a path."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __missing__(self, key: str) -> object:
        return self.value


@pytest.mark.parametrize("number", [2**63, 10**30])
def test_a_number_that_no_database_gave_is_nothings(desk: Desk, number: int) -> None:
    query = dict.fromkeys(("after", "to", "from", "page", "reader", "editor", "version", "days"), number)
    asked = 0
    for route in (each.route for each in iter_route_contexts(desk.web.router.routes)):
        if not isinstance(route, APIRoute) or not ("{" in route.path or route.path.startswith("/desk")):
            continue
        path = re.sub(r":\w+}", "}", route.path).format_map(Filled(number))
        if "GET" in (route.methods or ()):
            answer = desk.publisher.get(path, **query)
        else:
            answer = desk.publisher.send(path, **query, role="writer")
        assert answer.status_code < 500, f"{route.methods} {path}"
        asked += 1
    assert asked > 70
