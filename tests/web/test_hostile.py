"""Whatever is sent to a form or to the API, the answer is one of ours and never a fault of the server."""

from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.readers.links import Purpose
from newsletter.web.application import make_web
from tests.web.house import House
from tests.web.visitor import Visitor

NAMES = ("address", "leave_empty", "reason", "topics", "tools", "edition", "monthly_tokens", "team_size",
         "paused_until", "send_hour", "time_zone", "sure", "stop", "List-Unsubscribe", "nonsense")  # fmt: skip

any_bytes = st.one_of(
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=60),
    st.emails().map(str.encode),
    st.sampled_from(
        [b"\x00", b"\r\nBcc: x@example.org", b"\xff\xfe", b"9" * 300, b"2027-01-15", b"NaN", b"-0"]
    ),
)
forms = st.lists(st.tuples(st.sampled_from(NAMES), any_bytes), max_size=12)


def encoded(fields: list[tuple[str, bytes]]) -> bytes:
    return "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields).encode()


@pytest.mark.parametrize("raw", [False, True], ids=["encoded", "raw"])
def test_no_form_makes_a_page_fail(house: House, raw: bool) -> None:
    house.import_tools(("kite", "Kite", "Coding"))
    reader_id = house.add("alice@example.org")
    tokens = {purpose: house.token(purpose, reader_id) for purpose in Purpose}
    paths = (
        "/subscribe",
        f"/unsubscribe/{tokens[Purpose.UNSUBSCRIBE]}",
        f"/preferences/{tokens[Purpose.PREFERENCES]}",
        f"/preferences/{tokens[Purpose.PREFERENCES]}/follow/kite",
        "/follow/kite",
        f"/personal/{tokens[Purpose.PERSONAL]}/address",
        f"/confirm/{tokens[Purpose.CONFIRM]}",
    )

    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(paths), forms)
    def check(path: str, fields: list[tuple[str, bytes]]) -> None:
        body = b"&".join(value for _, value in fields) if raw else encoded(fields)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = house.client.post(path, content=body, headers=kind)
        assert answer.status_code in (200, 400, 422, 429)
        assert answer.headers["cache-control"] == "no-store"

    check()


def test_no_multipart_body_makes_a_page_fail(house: House) -> None:
    path = f"/preferences/{house.token(Purpose.PREFERENCES, house.add('alice@example.org'))}"

    @settings(max_examples=40)
    @given(st.binary(max_size=300), st.sampled_from(["x", "", '"', "x; charset=nonsense"]))
    def check(body: bytes, boundary: str) -> None:
        parts = b'--x\r\nContent-Disposition: form-data; name="address"\r\n\r\n' + body + b"\r\n--x--\r\n"
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        for content in (body, parts):
            assert house.client.post(path, content=content, headers=kind).status_code in (200, 400, 422)

    check()


def test_files_and_odd_characters_sets_are_refused_kindly(house: House) -> None:
    path = "/subscribe"
    sent = house.client.post(path, files={"address": ("a.txt", b"alice@example.org")})
    assert sent.status_code in (400, 422)
    part = b'--x\r\nContent-Disposition: form-data; name="address"\r\nContent-Type: text/plain; charset=nonsense\r\n\r\na\r\n--x--\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=x; charset=nonsense"}
    assert house.client.post(path, content=part, headers=kind).status_code in (400, 422)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"address": "\\ud800@example.org"}',
        b'{"address": "a\\u0000@example.org"}',
        b'{"address": {"\\ud800": 1}}',
        b'{"\\ud800": 1}',
        b'{"address": "alice@example.org", "extra": 1}',
        b"\xff\xfe",
        b"[" * 20000,
    ],
)
def test_what_is_no_request_to_subscribe_is_refused(house: House, body: bytes) -> None:
    kind = {"Content-Type": "application/json"}
    answer = house.client.post("/api/subscriptions", content=body, headers=kind)
    assert answer.status_code in (400, 422)
    assert "detail" in answer.json()
    assert house.rows()["readers"] == []


def test_the_api_answers_as_it_describes_itself(house: House) -> None:
    """schemathesis makes requests from the description, right and wrong ones, and compares the answers with it."""
    # Imported here, and by no plugin: collecting all other tests would take a fifth longer.
    import schemathesis
    from schemathesis.core.result import Ok
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    web = make_web(house.app)
    schema = schemathesis.openapi.from_asgi("/openapi.json", web)
    client = Visitor(web)
    assert client.get("/openapi.json").status_code == 200
    for operation in schema.get_all_operations():
        assert isinstance(operation, Ok)
        found = operation.ok()

        @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=found.as_strategy())
        def check(case: Any) -> None:
            answer = case.call()
            assert answer.status_code < 500
            # That a text is an address cannot be said in JSON Schema.
            case.validate_response(answer, excluded_checks=[positive_data_acceptance])

        check()
