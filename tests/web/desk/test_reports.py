"""The report: of one issue, and over time; and correcting what went out."""

import csv
from io import StringIO

import pytest
from sqlalchemy import insert

from newsletter.clock import MovedClock
from newsletter.db.schema import consents
from newsletter.db.statuses import ClickKind, ConsentChannel, ConsentEvent
from newsletter.digest.clicks import Click, IssueLink, add_clicks, put_links
from newsletter.digest.issues import Issue
from tests.digest.week import WEEK
from tests.editing.desk import drafted
from tests.web.desk.desk import Desk, open_desk, said
from tests.web.house import House, heading
from tests.web.issues import WEEKLY, send_issue


@pytest.fixture
def sent(house: House) -> tuple[Desk, Issue]:
    """An issue went out to three readers, one of whom left by its link."""
    for name in ("alice", "bob", "carol"):
        house.add(f"{name}@example.org")
    issue = send_issue(house, *WEEK)
    house.app.sender(issue.id).send()
    left = {"reader_id": 1, "event": ConsentEvent.WITHDRAWN, "at": house.app.clock.now()}
    with house.app.database.write() as connection:
        page = {"channel": ConsentChannel.PAGE, "issue_id": issue.id, "source": ""}
        connection.execute(insert(consents).values(**left, **page))
    return open_desk(house.app), issue


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_one_issue_is_told_in_a_picture_and_the_table_beside_it(sent: tuple[Desk, Issue]) -> None:
    desk, issue = sent
    page = desk.writer.get(f"/desk/issues/{issue.id}/report")
    assert heading(page) == "Report on Weekly #1"
    assert page.text.count('<svg viewBox="0 0 480') == 2
    assert '<th scope="row">Accepted</th><td>3</td><td class="muted">100.0 %</td>' in page.text
    assert '<th scope="row">Unsubscribed</th><td>1</td>' in page.text
    assert '<th scope="row">example.org</th><td>3</td><td>0</td>' in page.text


def test_the_report_of_a_finished_issue_says_nothing_of_how_it_stood_a_second_ago(house: House) -> None:
    house.add("alice@example.org")
    issue = send_issue(house, *WEEK)
    desk = open_desk(house.app)
    report = f"/desk/issues/{issue.id}/report"
    begun = desk.writer.get(report).text
    assert "1 reader is left" in begun
    assert ">waiting</text>" in begun
    assert "Nobody has received it yet." in begun
    house.app.sender(issue.id).send()
    page = desk.writer.get(report).text
    assert "Everybody is done. Started " in page
    assert "reader is left" not in page


def test_pictures_need_neither_script_nor_style_in_the_page(sent: tuple[Desk, Issue]) -> None:
    desk, issue = sent
    for path in (f"/desk/issues/{issue.id}/report", "/desk/report"):
        page = desk.writer.get(path)
        assert " style=" not in page.text
        assert "<style" not in page.text
        assert "'unsafe-inline'" not in page.headers["content-security-policy"]


def test_issues_and_readers_over_time_come_as_files_too(sent: tuple[Desk, Issue]) -> None:
    desk, _ = sent
    assert heading(desk.writer.get("/desk/report")) == "Reports"
    (issue,) = rows_of(desk.writer.get("/desk/report/issues.csv").text)
    wanted = {"issue": "#1", "readers": "3", "accepted": "3", "left": "1", "votes": "0", "status": "sent"}
    assert {name: issue[name] for name in wanted} == wanted
    readers = rows_of(desk.writer.get("/desk/report/readers.csv").text)
    assert {"week": "2026-11-23", "what": "joined", "source": "fair", "readers": "3"} in readers
    assert {"week": "2026-11-30", "what": "gone", "source": "personal page", "readers": "1"} in readers
    domains = rows_of(desk.writer.get("/desk/issues/1/report.csv").text)
    assert [each["domain"] for each in domains] == ["example.org", "all"]


def test_a_source_that_a_spreadsheet_would_run_is_a_text(sent: tuple[Desk, Issue]) -> None:
    desk, _ = sent
    evil = {"reader_id": 2, "event": ConsentEvent.ADDED, "at": desk.app.clock.now(), "channel": "command"}
    with desk.app.database.write() as connection:
        connection.execute(insert(consents).values(**evil, source='=HYPERLINK("x")'))
    sources = {each["source"] for each in rows_of(desk.writer.get("/desk/report/readers.csv").text)}
    assert '\'=HYPERLINK("x")' in sources
    assert "=HYPERLINK(&#34;x&#34;)" in desk.writer.get("/desk/report").text


def test_before_anything_went_out_the_report_says_so(desk: Desk) -> None:
    page = desk.writer.get("/desk/report").text
    assert "No issues have been sent yet." in page
    assert "Nobody has joined or left yet." in page


def test_looking_at_reports_changes_nothing(sent: tuple[Desk, Issue]) -> None:
    desk, issue = sent
    before = desk.house.rows()
    for path in ("/desk/report", "/desk/report/issues.csv", f"/desk/issues/{issue.id}/report"):
        assert desk.publisher.get(path).status_code == 200
    assert desk.house.rows() == before


def test_clicks_are_told_by_link_once_they_are_counted(sent: tuple[Desk, Issue]) -> None:
    desk, issue = sent
    path = f"/desk/issues/{issue.id}/report"
    assert "Its links" not in desk.writer.get(path).text
    link = IssueLink(number=1, url="https://kite.example/?<b>", place="card:kite")
    click = Click(issue_id=issue.id, number=1, kind=ClickKind.HUMAN, day=desk.app.clock.now().date())
    with desk.app.database.write() as connection:
        put_links(connection, issue.id, [link])
        add_clicks(connection, {click: 1234})
    page = desk.writer.get(path).text
    assert "https://kite.example/?&lt;b&gt;" in page
    assert "<td>1,234</td><td>0</td><td>0</td>" in page
    (line,) = rows_of(desk.writer.get(f"/desk/issues/{issue.id}/clicks.csv").text)
    assert line == {
        "link": "1",
        "place": "card:kite",
        "url": link.url,
        "human": "1234",
        "machine": "0",
        "unsure": "0",
    }
    (whole,) = rows_of(desk.writer.get("/desk/report/issues.csv").text)
    assert (whole["clicks_human"], whole["clicks_machine"], whole["clicks_unsure"]) == ("1234", "0", "0")


# ── errata ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_publisher_corrects_and_everybody_sees_what_when_and_who(sent: tuple[Desk, Issue]) -> None:
    desk, issue = sent
    path = f"/desk/issues/{issue.id}/correction"
    answer = desk.publisher.post(path, said="$0.10 <b>", right="$0.07", tell="next")
    assert said(answer) == "Corrected: its page in the archive says so."
    assert "to be mentioned in the next issue" in answer.text
    page = desk.house.get("/archive/weekly-1").text
    assert "<del>$0.10 &lt;b&gt;</del> <ins>$0.07</ins>" in page
    assert "by Paul. The issue below stands as it was sent." in page
    assert '<section id="corrections"' in page


def test_feeds_mark_a_corrected_issue_as_updated(sent: tuple[Desk, Issue]) -> None:
    desk, issue = sent
    clock = desk.app.clock
    assert isinstance(clock, MovedClock)
    clock.move(WEEKLY)
    desk = open_desk(desk.app)
    desk.publisher.post(f"/desk/issues/{issue.id}/correction", said="$0.10", right="$0.07")
    atom = desk.house.get("/feed.atom").text
    assert "<published>2026-12-03T09:00:00Z</published><updated>2026-12-10T09:00:00Z</updated>" in atom
    assert "We wrote “$0.10”. Right is: $0.07" in atom
    (entry,) = desk.house.get("/feed.json").json()["items"]
    assert (entry["date_published"], entry["date_modified"]) == (
        "2026-12-03T09:00:00Z",
        "2026-12-10T09:00:00Z",
    )
    assert "<lastmod>2026-12-10T09:00:00Z</lastmod>" in desk.house.get("/sitemap.xml").text


def test_what_was_typed_stays_beside_what_is_wrong_with_it(sent: tuple[Desk, Issue]) -> None:
    desk, issue = sent
    answer = desk.publisher.post(f"/desk/issues/{issue.id}/correction", said="the same", right="the same")
    assert answer.status_code == 422
    assert "are the same" in answer.text
    assert answer.text.count('value="the same"') == 2


def test_what_has_not_gone_out_is_changed_not_corrected(house: House) -> None:
    house.add("alice@example.org")
    with house.app.content() as content:
        for pack in WEEK:
            content.import_pack(pack, house.app.clock.now())
    clock = house.app.clock
    assert isinstance(clock, MovedClock)
    clock.move(WEEKLY)
    issue, desk = drafted(house.app), open_desk(house.app)
    page = desk.publisher.get(f"/desk/issues/{issue.id}/correction").text
    assert f'It has not been sent yet: <a href="/desk/issues/{issue.id}">edit it</a> instead.' in page
    assert "<button>Correct it</button>" not in page


def test_a_writer_corrects_nothing(sent: tuple[Desk, Issue]) -> None:
    desk, issue = sent
    assert desk.writer.get(f"/desk/issues/{issue.id}/correction").status_code == 403
    assert desk.writer.send(f"/desk/issues/{issue.id}/correction", said="a", right="b").status_code == 403
