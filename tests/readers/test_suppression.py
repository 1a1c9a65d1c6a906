"""The suppression list: every kind, every mail, every way back, on both databases; and its way through a file."""

import csv
import io
import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from newsletter.app import open_app
from newsletter.cli.program import program
from newsletter.clock import MovedClock
from newsletter.db.engine import Database
from newsletter.db.schema import mails, suppressions
from newsletter.db.statuses import (
    ConsentChannel,
    ConsentEvent,
    MailKind,
    MailStatus,
    ReaderStatus,
    SuppressionKind,
)
from newsletter.delivery.transactional import begin_mails, queue_mail
from newsletter.errors import BadLink
from newsletter.installation import make_installation
from newsletter.readers import leaving
from newsletter.readers.addresses import parse_address
from newsletter.readers.admin import KeptOut, Lifting, add_by_hand, unsuppress
from newsletter.readers.consents import ConsentOrigin
from newsletter.readers.exporting import export_suppressions
from newsletter.readers.links import LinkSigner
from newsletter.readers.store import (
    MAY_GET,
    Arrival,
    NewReader,
    add_readers,
    change_status,
    find_reader,
    suppress,
)
from newsletter.readers.subscribing import SignUpLimits, Subscribing
from newsletter.readers.suppression import (
    ENDED_BY_OPERATOR,
    ENDED_BY_OWNER,
    add_suppression,
    address_hash,
    count_asked,
    find_suppression,
    read_kind,
)
from tests.delivery import house
from tests.delivery.house import hash_address
from tests.installed import install

KEY = house.KEY
K = SuppressionKind
ADDRESS = "reader1@example.org"
ALICE = parse_address(ADDRESS)
FORM = ConsentOrigin(channel=ConsentChannel.FORM)
BY_HAND = ConsentOrigin(channel=ConsentChannel.COMMAND)

#: Kind → the single mails it lets through, and whether its owner and an operator can end it.
RULES: dict[SuppressionKind, tuple[set[MailKind], bool, bool]] = {
    K.LEFT: ({MailKind.CONFIRMATION, MailKind.REMINDER, MailKind.PERSONAL_LINK}, True, True),
    K.BOUNCED: ({MailKind.CONFIRMATION, MailKind.PERSONAL_LINK}, True, True),
    K.ERASED: ({MailKind.CONFIRMATION, MailKind.REMINDER, MailKind.PERSONAL_LINK}, True, False),
    K.OPERATOR: (set(), False, True),
    K.COMPLAINED: (set(), False, False),
}


@pytest.fixture
def way_in(database: Database) -> Subscribing:
    return Subscribing(
        database=database,
        signer=LinkSigner([KEY]),
        suppression_key=KEY,
        limits=SignUpLimits(key=KEY, per_network=100, per_domain=100),
        public_url="https://news.example.org",
        again_after=timedelta(hours=12),
        queue_mail=queue_mail,
        welcome=lambda reader: {},
    )


def list_address(database: Database, clock: MovedClock, kind: SuppressionKind) -> None:
    """Put the address on the list, as a file of another program does."""
    with database.write() as connection:
        suppress(connection, ALICE, kind, "old list", BY_HAND, suppression_key=KEY, now=clock.now())
    clock.move(timedelta(minutes=1))


def status(database: Database) -> ReaderStatus | None:
    with database.read() as connection:
        reader = find_reader(connection, ALICE)
    return reader.status if reader else None


def begun(database: Database, clock: MovedClock) -> list[MailKind]:
    with database.write() as connection:
        return [each.kind for each in begin_mails(connection, 10, clock.now(), hash_address)]


def token(database: Database) -> str:
    with database.read() as connection:
        values = select(mails.c["values"]).where(mails.c.kind == MailKind.CONFIRMATION)
        latest = connection.execute(values.order_by(mails.c.id.desc())).scalars().first()
    assert latest is not None
    return str(latest["confirm_url"]).rpartition("/")[2]


def listed(database: Database) -> SuppressionKind | None:
    with database.read() as connection:
        found = find_suppression(connection, ALICE, KEY)
    return found.kind if found else None


def test_the_rules_are_those_of_the_code() -> None:
    assert set(RULES) == set(SuppressionKind)
    assert {kind for kind, (_, owner, _) in RULES.items() if owner} == ENDED_BY_OWNER
    assert {kind for kind, (*_, operator) in RULES.items() if operator} == ENDED_BY_OPERATOR


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("mail", MAY_GET)
def test_a_listed_address_gets_the_mails_of_its_kind_and_no_other(
    database: Database, clock: MovedClock, kind: SuppressionKind, mail: MailKind
) -> None:
    (reader_status, *_) = sorted(MAY_GET[mail])
    house.add_readers(database, 1, status=reader_status)
    with database.write() as connection:
        hashed = address_hash(KEY, ALICE)
        add_suppression(connection, hashed, kind, reason="old", source="file", now=clock.now())
        queue_mail(connection, mail, "one", 1, {}, clock.now())
    assert begun(database, clock) == ([mail] if mail in RULES[kind][0] else [])


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("known", [None, *sorted(set(ReaderStatus) - {ReaderStatus.ERASED})])
def test_who_may_come_back_does_so_by_signing_up_and_confirming(
    database: Database,
    way_in: Subscribing,
    clock: MovedClock,
    kind: SuppressionKind,
    known: ReaderStatus | None,
) -> None:
    if known:
        house.add_readers(database, 1, status=known)
    list_address(database, clock, kind)
    way_in.subscribe(ADDRESS, "192.0.2.0/24", FORM, clock.now())
    comes_back = RULES[kind][1] and known is not ReaderStatus.COMPLAINED
    assert begun(database, clock) == ([MailKind.CONFIRMATION] if comes_back else [])
    with database.read() as connection:
        asked = count_asked(connection, clock.now())
    assert asked == (not RULES[kind][1])
    if not comes_back:
        assert status(database) is not ReaderStatus.ACTIVE
        assert listed(database) is kind
        return
    way_in.confirm(token(database), clock.now())
    assert (status(database), listed(database)) == (ReaderStatus.ACTIVE, None)
    assert begun(database, clock) == [MailKind.WELCOME]


@pytest.mark.parametrize("kind", RULES)
def test_an_address_of_the_list_becomes_anothers_new_one_by_the_same_rule(
    database: Database, way_in: Subscribing, clock: MovedClock, kind: SuppressionKind
) -> None:
    house.add_readers(database, 1, address="old@example.org", address_key="old@example.org")
    list_address(database, clock, kind)
    way_in.change_address(1, ADDRESS, "192.0.2.0/24", FORM, clock.now())
    asked = begun(database, clock)
    assert asked == ([MailKind.CONFIRMATION] if RULES[kind][1] else [])
    if asked:
        assert way_in.confirm(token(database), clock.now()).moved
        assert (status(database), listed(database)) == (ReaderStatus.ACTIVE, None)


@pytest.mark.parametrize("kind", RULES)
def test_a_link_to_confirm_of_before_brings_nobody_back(
    database: Database, way_in: Subscribing, clock: MovedClock, kind: SuppressionKind
) -> None:
    way_in.subscribe(ADDRESS, "192.0.2.0/24", FORM, clock.now())
    link = token(database)
    list_address(database, clock, kind)
    assert begun(database, clock) == []
    with pytest.raises(BadLink):
        way_in.confirm(link, clock.now())
    assert listed(database) is kind


@pytest.mark.parametrize("kind", RULES)
def test_an_open_request_of_whoever_came_on_the_list_otherwise_is_confirmed_by_the_same_rule(
    database: Database, way_in: Subscribing, clock: MovedClock, kind: SuppressionKind
) -> None:
    """As a restored database may have it: the row says nothing of the list."""
    way_in.subscribe(ADDRESS, "192.0.2.0/24", FORM, clock.now())
    with database.write() as connection:
        hashed = address_hash(KEY, ALICE)
        add_suppression(connection, hashed, kind, reason="old", source="file", now=clock.now())
    if RULES[kind][1]:
        way_in.confirm(token(database), clock.now())
        assert listed(database) is None
        return
    with pytest.raises(BadLink):
        way_in.require_confirmable(token(database), clock.now())
    with pytest.raises(BadLink):
        way_in.confirm(token(database), clock.now())
    assert (status(database), listed(database)) == (ReaderStatus.UNCONFIRMED, kind)
    assert not way_in.ask_again(1, BY_HAND, clock.now())


@pytest.mark.parametrize("kind", RULES)
def test_nobody_else_brings_them_back(database: Database, clock: MovedClock, kind: SuppressionKind) -> None:
    house.add_readers(database, 1)
    list_address(database, clock, kind)
    newcomer = NewReader(address=ALICE, origin=BY_HAND)
    with database.write() as connection:
        assert not leaving.undo(connection, 1, KEY, clock.now())
        how = {"event": ConsentEvent.IMPORTED, "suppression_key": KEY, "now": clock.now()}
        assert add_readers(connection, [newcomer], **how) == [Arrival.SUPPRESSED]  # type: ignore[arg-type]
    with pytest.raises(KeptOut, match="on the suppression list"):
        add_by_hand(database, ADDRESS, consent="fair", suppression_key=KEY, now=clock.now())
    assert status(database) is ReaderStatus.LEFT


@pytest.mark.parametrize("kind", RULES)
def test_an_operator_takes_back_what_an_operator_did(
    database: Database, clock: MovedClock, kind: SuppressionKind
) -> None:
    list_address(database, clock, kind)
    with database.write() as connection:
        counts = unsuppress(connection, [ALICE], suppression_key=KEY)
    assert (counts[Lifting.LIFTED], listed(database)) == ((1, None) if RULES[kind][2] else (0, kind))


@pytest.mark.parametrize("first", RULES)
@pytest.mark.parametrize("second", RULES)
def test_of_two_reasons_the_stricter_stays_whichever_comes_first(
    database: Database, clock: MovedClock, first: SuppressionKind, second: SuppressionKind
) -> None:
    list_address(database, clock, first)
    list_address(database, clock, second)
    kinds = {first, second}
    stays = next(each for each in (K.COMPLAINED, K.OPERATOR, K.ERASED, K.BOUNCED, K.LEFT) if each in kinds)
    assert listed(database) is stays


@pytest.mark.parametrize("here", [True, False])
def test_a_dead_address_gets_one_confirmation_for_as_long_as_its_link_holds(
    database: Database, way_in: Subscribing, clock: MovedClock, here: bool
) -> None:
    if here:
        house.add_readers(database, 1, status=ReaderStatus.BOUNCED)
    else:
        list_address(database, clock, K.BOUNCED)
    sent = []
    for _day in range(61):
        way_in.subscribe(ADDRESS, "192.0.2.0/24", FORM, clock.now())
        sent += begun(database, clock)
        with database.write() as connection:
            # It comes back.
            change_status(connection, 1, ReaderStatus.BOUNCED, BY_HAND, clock.now())
        clock.move(timedelta(days=1))
    assert len(sent) in ((2, 3) if here else (3, 4))
    assert set(sent) == {MailKind.CONFIRMATION}


@pytest.mark.parametrize("code", ["dropped", "5.7.1", "gave-up"])
def test_whose_confirmation_was_refused_for_our_sake_is_asked_anew(
    database: Database, way_in: Subscribing, clock: MovedClock, code: str
) -> None:
    for _again in range(2):
        way_in.subscribe(ADDRESS, "192.0.2.0/24", FORM, clock.now())
        assert begun(database, clock) == [MailKind.CONFIRMATION]
        with database.write() as connection:
            connection.execute(mails.update().values(status=MailStatus.REJECTED, code=code))
        clock.move(timedelta(minutes=1))


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("left at Mailchimp", K.LEFT),
        ("unsubscribed_email_audience_export", K.LEFT),
        ("status cancelled", K.LEFT),
        ("opted out", K.LEFT),
        ("bounced elsewhere", K.BOUNCED),
        ("cleaned_email_audience_export", K.BOUNCED),
        ("undeliverable", K.BOUNCED),
        ("marked as spam", K.COMPLAINED),
        ("spam_reports", K.COMPLAINED),
        ("left and complained", K.COMPLAINED),
        ("blocklisted", K.OPERATOR),
        ("wants to be left alone", None),
        ("never again, unsubscribed", K.OPERATOR),
        ("erased", K.ERASED),
        ("asked by letter", None),
        ("", None),
    ],
)
def test_words_tell_the_kind(words: str, kind: SuppressionKind | None) -> None:
    assert read_kind(words) is kind


# Through files.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    install(tmp_path / "weekly")
    return tmp_path / "weekly"


def run(folder: Path, *arguments: str) -> Result:
    done = CliRunner().invoke(program, ["--folder", str(folder), "readers", *arguments])
    assert done.exit_code == 0, done.output
    return done


def kinds(folder: Path) -> dict[str, str]:
    rows = json.loads(run(folder, "list", "--suppressed", "--json").stdout)
    return {each["address_or_hash"].partition("@")[0]: each["kind"] for each in rows}


OTHERS = {
    "listmonk": ("subscription_status", {"unsubscribed": "left", "blocklisted": "left"}),
    "buttondown": ("type", {"unsubscribed": "left", "removed": "left", "undeliverable": "bounced"}),
    "mailerlite": ("Status", {"unsubscribed": "left", "bounced": "bounced", "junk": "complained"}),
    "campaign-monitor": ("Status", {"deleted": "left", "marked as spam": "complained"}),
    "brevo": ("STATUS", {"blocklisted": "left"}),
    "sendy": ("Status", {"bounced": "bounced", "marked as spam": "complained"}),
}


@pytest.mark.parametrize("of", OTHERS)
def test_the_words_of_another_program_tell_the_kind_of_each(folder: Path, tmp_path: Path, of: str) -> None:
    column, words = OTHERS[of]
    address = "email_address" if of == "buttondown" else "email"
    names = {word: word.replace(" ", "-") for word in words}
    rows = [f"{name}@example.org,{word}" for word, name in names.items()]
    (tmp_path / "list.csv").write_text("\n".join((f"{address},{column}", *rows)))
    for name in names.values():
        run(folder, "add", f"{name}@example.org", "--consent", "fair")
    run(folder, "suppress", "--file", str(tmp_path / "list.csv"), "--from", of, "--reason", "moved")
    assert kinds(folder) == {names[word]: kind for word, kind in words.items()}


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["--reason", "left there"], "left"),
        (["--reason", "old list"], "left"),
        (["--reason", "bounced there"], "bounced"),
        (["--reason", "spam complaints"], "complained"),
        (["--reason", "left there", "--kind", "operator"], "operator"),
    ],
)
def test_a_file_that_tells_nothing_has_the_kind_of_its_reason(
    folder: Path, tmp_path: Path, arguments: list[str], kind: str
) -> None:
    (tmp_path / "list.csv").write_text("email\nann@example.org\n")
    run(folder, "add", "ann@example.org", "--consent", "fair")
    run(folder, "suppress", "--file", str(tmp_path / "list.csv"), "--all-gone", *arguments)
    assert kinds(folder) == {"ann": kind}


def test_the_list_moves_to_another_installation_with_its_kinds_reasons_and_days(
    database: Database, clock: MovedClock
) -> None:
    for number, kind in enumerate(RULES, 1):
        address = parse_address(f"reader{number}@example.org")
        with database.write() as connection:
            suppress(connection, address, kind, f"=as {kind}", BY_HAND, suppression_key=KEY, now=clock.now())
        clock.move(timedelta(days=1))
    file = io.StringIO()
    with database.read() as connection:
        assert export_suppressions(connection, file, KEY) == len(RULES)
        before = connection.execute(select(suppressions.c.address_hash)).scalars().all()
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert {each["address hash"].partition(":")[2] for each in rows} == set(before)
    assert not [each for each in rows if each["address"]]


def test_what_export_writes_suppress_reads_again(folder: Path, tmp_path: Path) -> None:
    run(folder, "add", "ann@example.org", "--consent", "fair")
    given = {"ann": "left", "bob": "bounced", "cy": "operator", "dan": "complained"}
    for name, kind in given.items():
        run(folder, "suppress", f"{name}@example.org", "--reason", f"of {name}", "--kind", kind)
    run(folder, "export", "--suppressed", "-o", str(tmp_path / "out.csv"))
    install(tmp_path / "second")
    shutil.copy(folder / "keys" / "suppression", tmp_path / "second" / "keys" / "suppression")
    run(tmp_path / "second", "suppress", "--file", str(tmp_path / "out.csv"), "--reason", "moved")
    shown = {}
    for name in given:
        said = CliRunner().invoke(
            program, ["--folder", str(tmp_path / "second"), "readers", "show", f"{name}@example.org"]
        )
        shown[name] = said.output.partition("suppression list: ")[2].strip()
    assert shown == {name: f"of {name} ({kind})." for name, kind in given.items()}
    again = run(tmp_path / "second", "suppress", "--file", str(tmp_path / "out.csv"), "--reason", "moved")
    assert "suppressed before  4" in again.output
    run(tmp_path / "second", "export", "--suppressed", "-o", str(tmp_path / "again.csv"))
    before, after = (
        {
            (row["status"], row["suppressed at"], row["address hash"])
            for row in csv.DictReader(each.read_text().splitlines())
        }
        for each in (tmp_path / "out.csv", tmp_path / "again.csv")
    )
    assert before == after


def test_hashes_of_another_key_are_said_to_be_of_no_use(folder: Path, tmp_path: Path) -> None:
    run(folder, "add", "ann@example.org", "--consent", "fair")
    for name in ("ann", "bob"):
        run(folder, "suppress", f"{name}@example.org", "--reason", "left")
    run(folder, "export", "--suppressed", "-o", str(tmp_path / "out.csv"))
    make_installation(tmp_path / "second")
    said = run(tmp_path / "second", "suppress", "--file", str(tmp_path / "out.csv"), "--reason", "moved")
    assert "this hash was made with another key" in said.output
    assert ("suppressed  1" in said.output, "not usable  1" in said.output) == (True, True)


def test_who_asked_in_vain_is_listed_first_and_told_in_the_status(folder: Path) -> None:
    run(folder, "add", "ann@example.org", "--consent", "fair")
    run(folder, "suppress", "ann@example.org", "--reason", "asked by letter")
    run(folder, "suppress", "bob@example.org", "--reason", "left")
    app = open_app(folder)
    app.subscribing.subscribe("ann@example.org", "192.0.2.0/24", FORM, app.clock.now())
    app.close()
    first = json.loads(run(folder, "list", "--suppressed", "--json").stdout)[0]
    assert (first["address_or_hash"], first["kind"]) == ("ann@example.org", "operator")
    assert first["asked_at"]
    assert "asked in vain at" in run(folder, "show", "ann@example.org").output
    status_ = CliRunner().invoke(program, ["--folder", str(folder), "status"]).output
    assert "1 address asked for the newsletter and is kept out" in status_
