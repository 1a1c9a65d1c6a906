"""The monthly issue: from the month's sent weeklies, on both databases."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from html import unescape
from pathlib import Path
from types import MappingProxyType

import pytest
from sqlalchemy import func, select, update

from newsletter.clock import MovedClock
from newsletter.config import Approval
from newsletter.db.engine import Database
from newsletter.db.schema import deliveries, publications, readers
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.digest.content import IssueContent
from newsletter.digest.draft import Drafted, Thin
from newsletter.digest.errata import add_erratum
from newsletter.digest.issues import Issue
from newsletter.digest.store import find_issue_of_slot
from newsletter.editing.approve import approve, cancel
from newsletter.editing.checks import check
from newsletter.editing.compiled import compile_issue, letter_of
from newsletter.editing.draft import draft_now, merge_now
from newsletter.editing.preview import Format, preview
from newsletter.editing.schedule import dispatch_issue, prepare_issue, remind_of_issue, roll_over_issue
from newsletter.editing.sending import start
from newsletter.errors import BadInput
from newsletter.schedule.jobs import Done, Skipped, Waiting
from newsletter.schedule.slots import Slot, issue_schedule
from tests.editing.desk import edit
from tests.jobs.newsroom import WatchedApp, add_comparisons, add_reader, open_newsroom
from tests.jobs.recording import utc

#: A Thursday at nine in Berlin.
FIRST = utc("2026-10-29T08:00")
WEEK = timedelta(days=7)
TAG = re.compile(r"<[^>]*>")
DECEMBER = "2026-12-01T09:00"

#: Weekly mails as small as the checks allow: what counts here is the monthly one.
SMALL = {
    "subject.txt.j2": "{{ letter.subject }}",
    "body.txt.j2": "{{ letter.footer.postal_address }} {{ slots.unsubscribe_url }}",
    "body.mjml.j2": '<mjml><mj-head><mj-attributes><mj-all font-family="serif" /></mj-attributes></mj-head><mj-body><mj-section><mj-column><mj-text>{{ letter.footer.postal_address }} '
    '<a href="{{ slots.unsubscribe_url }}">Leave</a></mj-text></mj-column></mj-section></mj-body></mjml>',
}

House = Callable[..., WatchedApp]


@pytest.fixture
def open_house(tmp_path: Path, database: Database) -> House:
    """A newsroom of Thursdays, with one weekly and one monthly reader."""

    def opened(settings: Mapping[str, object] = MappingProxyType({})) -> WatchedApp:
        small = tmp_path / "templates" / "email" / "weekly"
        small.mkdir(parents=True)
        for name, text in SMALL.items():
            (small / name).write_text(text)
        app = open_newsroom(
            tmp_path, database, MovedClock(FIRST), {"paths.templates": tmp_path / "templates", **settings}
        )
        add_reader(database, "alice@example.org", FIRST)
        add_reader(database, "mona@example.org", FIRST)
        with database.write() as connection:
            mona = readers.c.address == "mona@example.org"
            connection.execute(update(readers).where(mona).values(edition=Edition.MONTHLY))
        return app

    return opened


@pytest.fixture
def app(open_house: House) -> WatchedApp:
    return open_house()


def move_to(app: WatchedApp, moment: str) -> None:
    clock = app.clock
    assert isinstance(clock, MovedClock)
    clock.move(utc(moment) - clock.now())


def send_week(app: WatchedApp, day: str, *names: str) -> Issue:
    """A weekly issue that begins to go out on a day, with a comparison of each name; the first leads."""
    move_to(app, f"{day}T07:00")
    add_comparisons(app, *names)
    move_to(app, f"{day}T08:00")
    drafted = draft_now(app, f"{day}T09:00", even_thin=True)
    assert isinstance(drafted, Drafted)
    approved = approve(app, edit(app, drafted.issue, preheader="What the panel says."), "Erin")
    start(app, approved)
    return approved


def send_november(app: WatchedApp) -> list[Issue]:
    return [
        send_week(app, "2026-11-05", "falcon", "kestrel"),
        send_week(app, "2026-11-12", "merlin"),
        send_week(app, "2026-11-19", "osprey", "harrier", "buzzard"),
        send_week(app, "2026-11-26", "heron"),
    ]


def draft_month(app: WatchedApp, slot: str = DECEMBER) -> Issue:
    drafted = draft_now(app, slot, edition=Edition.MONTHLY)
    assert isinstance(drafted, Drafted)
    return drafted.issue


def written(app: WatchedApp, slot: str = DECEMBER) -> IssueContent:
    return letter_of(app, draft_month(app, slot))


def led(letter: IssueContent) -> list[str]:
    """The leads of the letter's weeks by the name that the test gave them."""
    return [each.comparison_id.partition("-")[0] for each in letter.weeks]


def monthly_slot(app: WatchedApp, lead: timedelta = timedelta(0)) -> Slot:
    return issue_schedule(app.settings, Edition.MONTHLY).before(lead).slot(DECEMBER)


def issue_in(app: WatchedApp, slot: str = DECEMBER) -> Issue:
    with app.database.read() as connection:
        found = find_issue_of_slot(connection, Edition.MONTHLY, slot)
    assert found is not None
    return found


def test_a_month_tells_each_weeks_lead_and_a_line_for_everything_else(app: WatchedApp) -> None:
    send_november(app)
    move_to(app, "2026-11-30T08:00")
    letter = written(app)
    assert len(letter.weeks) == 4
    assert [each.number for each in letter.weeks] == [4, 3, 2, 1]
    assert all(each.bottom_line and each.link.url and each.issue for each in letter.weeks)
    said = {*led(letter), *(each.key.split("-")[1] for each in letter.lines)}
    assert said == {"falcon", "kestrel", "merlin", "osprey", "harrier", "buzzard", "heron"}
    assert all(each.link.url for each in letter.lines)
    assert letter.key == "Reviewers score 0–100; ship means use it."


def test_a_month_of_five_weeks_has_five(app: WatchedApp) -> None:
    for day, name in zip(
        ("2026-12-03", "2026-12-10", "2026-12-17", "2026-12-24", "2026-12-31"),
        ("falcon", "kestrel", "merlin", "osprey", "heron"),
        strict=True,
    ):
        send_week(app, day, name)
    move_to(app, "2027-01-01T08:00")
    letter = written(app, "2027-01-01T09:00")
    assert led(letter) == ["heron", "osprey", "merlin", "kestrel", "falcon"]
    assert letter.subject.startswith("December 2026: ")


def test_a_month_over_the_turn_of_the_year_follows_on_the_one_before(app: WatchedApp) -> None:
    send_week(app, "2026-11-26", "falcon")
    approve(app, draft_month(app), "Erin")
    send_week(app, "2026-12-31", "kestrel")
    send_week(app, "2027-01-07", "merlin")
    second = draft_month(app, "2027-02-01T09:00")
    assert led(letter_of(app, second)) == ["merlin", "kestrel"]
    assert approve(app, second, "Erin").number == 2


def test_a_month_without_a_weekly_issue_has_none(app: WatchedApp) -> None:
    made = draft_now(app, DECEMBER, edition=Edition.MONTHLY)
    assert isinstance(made, Thin)
    assert made.words == (
        "No weekly issue went out since the last monthly one: no monthly issue for Tue 01 Dec 2026 09:00 (Europe/Berlin)."
    )


def test_a_cancelled_weekly_issue_is_left_out(app: WatchedApp) -> None:
    sent = send_november(app)
    cancel(app, sent[1], "It was wrong.")
    assert led(written(app)) == ["heron", "buzzard", "falcon"]


def test_a_month_whose_weeks_were_all_cancelled_cannot_be_approved(app: WatchedApp) -> None:
    weekly = send_week(app, "2026-11-26", "heron")
    monthly = draft_month(app)
    cancel(app, weekly, "It was wrong.")
    with pytest.raises(BadInput, match="newsletter cancel"):
        approve(app, monthly, "Erin")


def test_a_cancelled_monthly_issue_leaves_its_weeks_to_the_next(app: WatchedApp) -> None:
    send_week(app, "2026-11-26", "heron")
    cancel(app, approve(app, draft_month(app), "Erin"), "Nobody is to have it.")
    send_week(app, "2026-12-03", "falcon")
    next_one = draft_month(app, "2027-01-01T09:00")
    assert led(letter_of(app, next_one)) == ["falcon", "heron"]
    assert approve(app, next_one, "Erin").number == 1


def test_a_month_publishes_nothing_and_numbers_on_its_own(app: WatchedApp) -> None:
    send_november(app)
    with app.database.read() as connection:
        before = connection.execute(select(func.count()).select_from(publications)).scalar_one()
    monthly = approve(app, draft_month(app), "Erin")
    with app.database.read() as connection:
        after = connection.execute(select(func.count()).select_from(publications)).scalar_one()
    assert (monthly.number, after) == (1, before)


def test_a_month_goes_to_monthly_readers_only(app: WatchedApp) -> None:
    send_november(app)
    monthly = approve(app, draft_month(app), "Erin")
    start(app, monthly)
    with app.database.read() as connection:
        mona = connection.execute(
            select(readers.c.id).where(readers.c.edition == Edition.MONTHLY)
        ).scalar_one()
        got = connection.execute(
            select(deliveries.c.reader_id).where(deliveries.c.issue_id == monthly.id)
        ).scalars()
        assert got.all() == [mona]


def test_the_figures_of_a_month_stand_on_what_those_of_its_weeks_stood_on(app: WatchedApp) -> None:
    weekly = letter_of(app, send_week(app, "2026-11-26", "heron"))
    letter = written(app)
    assert weekly.lead is not None
    assert letter.weeks[0].bottom_line == weekly.lead.conclusion
    assert letter.weeks[0].bottom_line.claims
    assert letter.sources.origins == weekly.sources.origins


def test_what_an_editor_writes_takes_the_place_of_what_is_computed(app: WatchedApp) -> None:
    send_november(app)
    issue = edit(app, draft_month(app), subject="Our November", bottom_line="Take the heron.", note="Hello.")
    letter = letter_of(app, issue)
    assert (letter.subject, letter.weeks[0].bottom_line.text, letter.note) == (
        "Our November",
        "Take the heron.",
        "Hello.",
    )


def test_what_was_corrected_since_is_said_beside_it(app: WatchedApp) -> None:
    weekly = send_week(app, "2026-11-26", "heron")
    with app.database.write() as connection:
        add_erratum(
            connection,
            weekly.id,
            said="81",
            right="82",
            by="Erin",
            at=app.clock.now(),
            to_tell=False,
        )
    assert written(app).weeks[0].corrections == ("We wrote “81”. Right is: 82",)


def test_merging_takes_the_week_that_came_since(app: WatchedApp) -> None:
    send_week(app, "2026-11-19", "osprey")
    issue = draft_month(app)
    send_week(app, "2026-11-26", "heron")
    assert led(letter_of(app, issue)) == ["osprey"]
    assert led(letter_of(app, merge_now(app, issue).issue)) == ["heron", "osprey"]


def test_the_mail_of_a_month_reads_in_both_parts_and_passes_its_checks(app: WatchedApp) -> None:
    send_november(app)
    issue = draft_month(app)
    assert [each.sentence for each in check(app, issue) if each.severity == "error"] == []
    letter = letter_of(app, issue)
    for form in (Format.TEXT, Format.HTML):
        shown = unescape(preview(app, compile_issue(app, issue), None, form).decode())
        assert "Monthly" in shown
        assert all(
            letters_of(week.bottom_line.text) in letters_of(TAG.sub("", shown)) for week in letter.weeks
        )
        assert all(line.link.url in shown for line in letter.lines)
        assert all(f"/follow/{week.left_id}" in shown for week in letter.weeks)


def letters_of(text: str) -> str:
    """The text without what only lays it out."""
    return "".join(each for each in text if each.isalnum())


def test_the_schedule_drafts_reminds_and_sends_the_month(app: WatchedApp) -> None:
    send_november(app)
    move_to(app, "2026-11-30T08:00")
    prepared = prepare_issue(app, monthly_slot(app, app.settings.schedule.draft_before), Edition.MONTHLY)
    issue = issue_in(app)
    assert prepared == Done(f"Monthly issue {issue.id} is drafted and waits for approval.")
    assert f"drafted:monthly:{DECEMBER}" in app.raised
    remind = monthly_slot(app, app.settings.schedule.remind_before)
    assert remind_of_issue(app, remind, Edition.MONTHLY) == Done(
        f"Monthly issue {issue.id} is not approved yet: reminded."
    )
    move_to(app, "2026-12-01T08:00")
    assert isinstance(dispatch_issue(app, monthly_slot(app), Edition.MONTHLY), Waiting)
    approve(app, issue, "Erin")
    assert dispatch_issue(app, monthly_slot(app), Edition.MONTHLY) == Done(
        "Monthly issue #1 goes out, to this many readers: 1."
    )
    assert issue_in(app).status is IssueStatus.SENDING


def test_a_month_approves_itself_where_the_weeks_do(open_house: House) -> None:
    app = open_house({"schedule.approval": Approval.AUTOMATIC})
    send_november(app)
    move_to(app, "2026-11-30T08:00")
    prepared = prepare_issue(app, monthly_slot(app, app.settings.schedule.draft_before), Edition.MONTHLY)
    assert prepared == Done("Monthly issue #1 is drafted and approved.")


def test_a_month_that_nobody_approves_is_cancelled_and_its_weeks_wait(app: WatchedApp) -> None:
    send_november(app)
    prepare_issue(app, monthly_slot(app), Edition.MONTHLY)
    result = roll_over_issue(app, monthly_slot(app), Edition.MONTHLY)
    assert isinstance(result, Skipped)
    assert result.words.endswith("its weeks go into the next monthly issue.")
    assert issue_in(app).status is IssueStatus.CANCELLED


def test_where_nobody_reads_monthly_the_schedule_makes_no_issue_and_says_nothing(app: WatchedApp) -> None:
    with app.database.write() as connection:
        connection.execute(update(readers).values(edition=Edition.WEEKLY))
    send_november(app)
    for step in (prepare_issue, dispatch_issue, roll_over_issue):
        assert step(app, monthly_slot(app), Edition.MONTHLY) == Done("Nobody reads the monthly edition.")
    assert app.raised == {}
