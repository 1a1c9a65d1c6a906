"""Moving here from another program: the how-to's commands on files as the programs write them, with people made up.

What ought to become of everybody stands in their address: alice.stays@, bob.left@ or carol.never@.
"""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newsletter.cli.program import program
from newsletter.readers.csv_file import FIELDS
from newsletter.readers.providers import PROVIDERS
from tests.installed import install

EXPORTS = Path(__file__).parent / "exports"
HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "move-here.md"
ADDRESS = re.compile(r"[a-z_]+\.(stays|left|never)@[a-z.]+")

#: Program → its section's commands.
SECTIONS = {
    re.search(r"--from ([a-z-]+)", commands)[1]: commands.splitlines()  # type: ignore[index]
    for commands in re.findall(r"```sh\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL)
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    install(tmp_path / "weekly")
    return tmp_path / "weekly"


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(program, ["--folder", str(folder), "readers", *arguments])


def people(of: str, fate: str) -> set[str]:
    texts = (file.read_text(encoding="utf-8") for file in (EXPORTS / of).iterdir())
    return {match[0] for text in texts for match in ADDRESS.finditer(text) if match[1] == fate}


def listed(folder: Path) -> dict[str, str]:
    return {each["address"]: each["name"] for each in json.loads(run(folder, "list", "--json").stdout)}


def is_suppressed(folder: Path, address: str) -> bool:
    return "on the suppression list" in run(folder, "show", address).output


def follow(folder: Path, of: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Result]:
    """Run the section's commands where the files are."""
    monkeypatch.chdir(EXPORTS / of)
    for command in SECTIONS[of]:
        yield run(folder, *shlex.split(command)[2:])


def test_the_how_to_has_a_section_for_every_program_and_every_program_its_files() -> None:
    assert list(SECTIONS) == list(PROVIDERS)
    assert {each.name for each in EXPORTS.iterdir()} == set(PROVIDERS)
    assert all(people(of, "stays") and people(of, "left") for of in PROVIDERS)
    assert {field for each in PROVIDERS.values() for field in each.columns.values()} <= set(FIELDS)


@pytest.mark.parametrize("of", PROVIDERS)
def test_nobody_who_left_is_a_reader_and_nobody_who_agreed_is_lost(
    folder: Path, of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for result in follow(folder, of, monkeypatch):
        assert result.exit_code == 0, result.output
    assert set(listed(folder)) == people(of, "stays")
    assert not {each for each in people(of, "left") if not is_suppressed(folder, each)}
    others = people(of, "stays") | people(of, "never")
    assert not {each for each in others if is_suppressed(folder, each)}


@pytest.mark.parametrize("of", PROVIDERS)
def test_suppressing_first_comes_to_the_same(folder: Path, of: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SECTIONS, of, SECTIONS[of][::-1])
    assert not any(result.exit_code for result in follow(folder, of, monkeypatch))
    assert set(listed(folder)) == people(of, "stays")


NAMES = {
    "mailchimp": "Mira Holt",
    "substack": "Ana Reyes",
    "beehiiv": "Ip Name",
    "ghost": "=Hal",
    "listmonk": "Lin On",
    "keila": "Ken Ohm",
    "phplist": "Pia Ost",
    "mailtrain": "Max Ude",
    "kit": "Kim Lee",
    "mailerlite": "Ada Byron",
    "aweber": "Ash Poe",
    "campaign-monitor": "Cam Roe",
    "brevo": "Bix Orr",
    "sendy": "Sal Voss",
}
#: The ledger of somebody who moved, as event, moment and network address, before the import itself.
EVIDENCE: dict[str, list[tuple[str, str, str | None]]] = {
    "mira.stays@mc.example.org": [
        ("requested", "2023-04-21T11:16:57+00:00", "203.0.113.9"),
        ("confirmed", "2023-04-21T11:18:02+00:00", "203.0.113.9"),
    ],
    "jon.stays@mc.example.org": [("confirmed", "2022-02-12T10:54:27+00:00", None)],
    "ana.stays@ss.example.org": [("added", "2025-01-01T00:00:00+00:00", None)],
    "lo.stays@bh.example.org": [("added", "2023-03-24T10:23:10+00:00", None)],
    "regular.stays@bd.example.org": [("added", "2025-03-09T10:00:00+00:00", "198.51.100.7")],
    "gus.stays@gh.example.org": [("added", "2024-01-15T10:00:00+00:00", None)],
    "lin.stays@lm.example.org": [("added", "2024-01-01T10:00:00+00:00", None)],
    "pia.stays@pl.example.org": [("added", "2024-01-02T10:00:00+00:00", None)],
    "kim.stays@kt.example.org": [("added", "2024-01-01T10:00:00+00:00", None)],
    "ada.stays@ml.example.org": [
        ("added", "2024-01-01T10:00:00+00:00", None),
        ("confirmed", "2024-01-01T10:05:00+00:00", "203.0.113.7"),
    ],
    "ash.stays@aw.example.org": [("added", "2023-04-12T09:14:00+00:00", "203.0.113.8")],
    "cam.stays@cm.example.org": [("added", "2024-01-01T10:00:00+00:00", None)],
    "bix.stays@br.example.org": [("added", "2024-01-02T10:00:00+00:00", None)],
    "sal.stays@sy.example.org": [("added", "2024-01-02T09:30:00+00:00", "203.0.113.6")],
}
TAGS = {
    "mira.stays@mc.example.org": "Editors; GTM - 11/20",
    "regular.stays@bd.example.org": "weekly; tools",
    "gus.stays@gh.example.org": "early; paying",
    "kim.stays@kt.example.org": "Early; Paying",
    "ada.stays@ml.example.org": "Weekly; Early",
    "ash.stays@aw.example.org": "early",
}


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation to which everybody has moved."""
    folder = tmp_path_factory.mktemp("moved")
    install(folder)
    with pytest.MonkeyPatch.context() as monkeypatch:
        for of in PROVIDERS:
            list(follow(folder, of, monkeypatch))
    return folder


def test_names_are_kept_whole(moved: Path) -> None:
    assert set(NAMES.values()) <= set(listed(moved).values())


@pytest.mark.parametrize("address", EVIDENCE)
def test_what_was_noted_of_their_consent_is_kept(moved: Path, address: str) -> None:
    shown = json.loads(run(moved, "show", address, "--json").stdout)
    *before, imported = shown["consents"]
    assert [(each["event"], each["at"], each["ip"]) for each in before] == EVIDENCE[address]
    assert (imported["event"], imported["tags"]) == ("imported", TAGS.get(address))
    assert shown["added_at"] == min(at for _, at, _ in EVIDENCE[address])


def test_what_was_noted_is_shown(moved: Path) -> None:
    shown = run(moved, "show", "mira.stays@mc.example.org").stdout
    assert ("203.0.113.9" in shown, "Editors; GTM - 11/20" in shown) == (True, True)
    assert "Tags" not in run(moved, "show", "jon.stays@mc.example.org").stdout


def test_erasing_leaves_neither_network_address_nor_tags(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(follow(folder, "mailchimp", monkeypatch))
    assert run(folder, "erase", "mira.stays@mc.example.org", "--yes").exit_code == 0
    kept = b"".join(file.read_bytes() for file in folder.glob("subscribers.db*"))
    assert (b"203.0.113.9" in kept, b"GTM - 11/20" in kept) == (False, False)


def import_(folder: Path, file: Path, *arguments: str) -> Result:
    return run(folder, "import", str(file), "--consent", "moved", *arguments)


#: Files as people take them, by the name of a file of ours and what is lost of it: they must not come in whole.
@pytest.mark.parametrize(
    ("file", "of", "without", "sentence"),
    [
        ("listmonk/confirmed.csv", "listmonk", (), "subscription_status=confirmed"),
        ("mailchimp/nonsubscribed_email_audience_export_1a2b3c4d5e.csv", "mailchimp", (), "never agreed"),
        ("substack/subscribers.csv", "substack", ("Cancel date",), "email_disabled or Cancel date"),
        ("phplist/phpList-export.csv", "phplist", ("Is this subscriber blacklisted",), "blacklisted"),
        ("phplist/phpList-export.csv", "phplist", ("Is this subscriber confirmed",), "confirmed"),
        ("brevo/contacts.csv", "brevo", ("EMAIL_MARKETING",), "subscription status"),
        ("beehiiv/subscribers.csv", "beehiiv", ("status",), "status"),
        ("buttondown/subscribers.csv", "buttondown", ("type",), "type"),
        ("ghost/members.csv", "ghost", ("subscribed_to_emails",), "subscribed_to_emails"),
        ("keila/contacts_nmp_1a2b.csv", "keila", ("Status",), "Status"),
        ("mailtrain/subscriptions.csv", "mailtrain", ("status",), "status"),
        ("kit/subscribers.csv", "kit", ("status", "state"), "the confirmed subscribers alone"),
        ("mailerlite/subscribers.csv", "mailerlite", ("Status",), "Status"),
        ("aweber/subscribers.csv", "aweber", ("Stop Time", "Stop Status"), "Stop Time"),
        ("campaign-monitor/subscribers.csv", "campaign-monitor", ("Status",), "Status"),
        ("sendy/weekly-all.csv", "sendy", ("Status",), "Status"),
    ],
)
def test_an_export_that_does_not_say_who_left_is_refused_and_says_which_is_right(
    folder: Path, tmp_path: Path, file: str, of: str, without: tuple[str, ...], sentence: str
) -> None:
    taken = tmp_path / Path(file).name
    header, _, rest = (EXPORTS / file).read_text(encoding="utf-8").partition("\n")
    for column in without:
        header = re.sub(
            rf'(?<=[,;\t"]){re.escape(column)}(?=[,;\t"]|$)', "Other " + "x" * len(without), header, count=1
        )
    taken.write_text(f"{header}\n{rest}", encoding="utf-8")
    for said in (
        import_(folder, taken, "--from", of),
        run(folder, "suppress", "--file", str(taken), "--from", of, "--reason", "left"),
    ):
        assert (said.exit_code, sentence in said.output) == (2, True), said.output
        assert said.output.count("--all-") <= 1, said.output
    assert listed(folder) == {}


@pytest.mark.parametrize(
    "file", [each for each in sorted(EXPORTS.rglob("*")) if each.is_file()], ids=lambda file: file.name
)
def test_no_export_comes_in_whole_when_nobody_says_whose_it_is(folder: Path, file: Path) -> None:
    import_(folder, file)
    left = {match[0] for match in ADDRESS.finditer(file.read_text(encoding="utf-8")) if match[1] != "stays"}
    assert not left & set(listed(folder))
    run(folder, "suppress", "--file", str(file), "--reason", "left")
    assert not {each for each in people(file.parent.name, "stays") if is_suppressed(folder, each)}


def test_the_program_of_an_export_is_guessed_for_whoever_forgets_it(folder: Path) -> None:
    said = import_(folder, EXPORTS / "ghost" / "members.csv")
    assert "'subscribed_to_emails' and 'deleted_at' may say who left" in said.output
    assert "If this is an export of Ghost, say --from ghost." in said.output


def test_the_callers_word_stands_in_for_a_missing_column_and_for_no_column_that_says_otherwise(
    folder: Path, tmp_path: Path
) -> None:
    lines = "email,state\nalice@example.org,active\nbob@example.org,cancelled\n"
    (tmp_path / "kit.csv").write_text(lines)
    assert import_(folder, tmp_path / "kit.csv", "--from", "kit", "--all-active").exit_code == 0
    assert set(listed(folder)) == {"alice@example.org"}
    (tmp_path / "cold.csv").write_text("email,first_name\ncy@example.org,Cy\n")
    assert import_(folder, tmp_path / "cold.csv", "--from", "kit").exit_code == 2
    assert import_(folder, tmp_path / "cold.csv", "--from", "kit", "--all-active").exit_code == 0
    assert listed(folder)["cy@example.org"] == "Cy"


def test_who_left_by_one_line_does_not_come_in_by_another(folder: Path, tmp_path: Path) -> None:
    lines = "alice@example.org,active\nALICE@example.org,cancelled\nbob@example.org,active\n"
    (tmp_path / "kit.csv").write_text(f"email,state\n{lines}")
    said = import_(folder, tmp_path / "kit.csv", "--from", "kit", "--json")
    assert (json.loads(said.stdout)["gone"], set(listed(folder))) == (2, {"bob@example.org"})


def test_a_file_of_nobody_who_is_a_reader_or_of_nobody_who_left_is_the_wrong_one(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "kit.csv").write_text("email,state\nalice@example.org,cancelled\nbob@example.org,inactive\n")
    said = import_(folder, tmp_path / "kit.csv", "--from", "kit")
    assert (said.exit_code, "nobody in this file is a reader there" in said.output) == (2, True)
    assert "line 2 is gone, since state is 'cancelled'" in said.output
    (tmp_path / "kit.csv").write_text("email,state\nalice@example.org,lively\nnonsense,active\n")
    said = import_(folder, tmp_path / "kit.csv", "--from", "kit")
    assert ("--map COLUMN=ignore" in said.output, "(1 cannot)" in said.output) == (True, True), said.output
    said = import_(folder, tmp_path / "kit.csv", "--from", "kit", "--map", "state=ignore", "--all-active")
    assert set(listed(folder)) == {"alice@example.org"}
    (tmp_path / "kit.csv").write_text("email,state\nalice@example.org,active\n")
    said = run(folder, "suppress", "--file", str(tmp_path / "kit.csv"), "--from", "kit", "--reason", "left")
    assert (said.exit_code, "nobody in this file left there" in said.output) == (2, True)


@pytest.mark.parametrize(
    ("column", "cell", "field", "comes_in", "goes"),
    [
        ("Unsubscribed", "yes", "gone", False, True),
        ("Unsubscribed", "no", "gone", True, False),
        ("Left on", "2024-01-01", "gone", False, True),
        ("Left on", "31/12/24", "gone", False, True),
        ("Left on", "2 Jan 2024", "gone", False, True),
        ("Left on", "0000-00-00 00:00:00", "gone", True, False),
        ("Left on", "0000-00-00", "gone", True, False),
        ("Left on", "-", "gone", True, False),
        ("Left on", "N/A", "gone", True, False),
        ("Left on", "some time ago", "gone", False, False),
        ("Left on", "00/00/2024", "gone", False, False),
        ("Opt-in", "nein", "agreed", False, False),
        ("Opt-in", "1", "agreed", True, False),
        ("Opt-in", "", "agreed", False, False),
        ("On the list", "n", "subscribed", False, True),
        ("On the list", "Y", "subscribed", True, False),
        ("On the list", "perhaps", "subscribed", False, False),
        ("Mail status", "Bounced", "status", False, True),
        ("Mail status", "waiting", "status", False, False),
        ("Mail status", "Active", "status", True, False),
    ],
)
def test_any_column_can_be_said_to_tell_who_left(
    folder: Path, tmp_path: Path, column: str, cell: str, field: str, comes_in: bool, goes: bool
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"email,{column}\nalice@example.org,{cell}\n")
    mapped = ("--map", f"{column}={field}")
    run(folder, "suppress", "--file", str(file), *mapped, "--reason", "left")
    assert is_suppressed(folder, "alice@example.org") is goes
    import_(folder, file, *mapped)
    assert ("alice@example.org" in listed(folder)) is comes_in


@pytest.mark.parametrize(
    "column",
    [
        "unsubscribed",
        "Blacklisted",
        "Bounce count",
        "Confirmed at",
        "OPTIN_TIME",
        "opt-out",
        "Opted in",
        "opt",
        "Cancel date",
        "Status of mail",
        "churn_risk",
        "Is active",
        "Spam reports",
        "E-mail disabled",
        "do_not_email",
        "DoNotMail",
        "Removed on",
        "left_at",
        "Accepts marketing",
        "marketing_consent",
        "Kündigung",
        "Désinscrit le",
        "DNC",
        "Do not mail",
        "marketing_emails",
        "newsletter (yes/no)",
        "Subscriber State",
        "GDPR",
        "Kontakt erlaubt",
        "may we write",
    ],
)
def test_a_column_that_may_say_who_left_stops_an_import_until_it_is_waved_through(
    folder: Path, tmp_path: Path, column: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"email,{column}\nalice@example.org,\n")
    said = import_(folder, file)
    assert (said.exit_code, f"{column!r} may say who left" in said.output) == (2, True), said.output
    assert import_(folder, file, "--all-active").exit_code == 0
    assert set(listed(folder)) == {"alice@example.org"}


@pytest.mark.parametrize(
    ("column", "yes", "no"),
    [
        ("Write to them", "yes", "no"),
        ("Post", "ja", "nein"),
        ("Courrier", "oui", "non"),
        ("Correo", "sí", "no"),
        ("Mail OK", "TRUE", "FALSE"),
        ("Flag", "1", "0"),
        ("Consent", "Y", "N"),
    ],
)
def test_a_column_that_answers_a_question_stops_an_import_until_somebody_says_which(
    folder: Path, tmp_path: Path, column: str, yes: str, no: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"email,{column}\nalice@example.org,{yes}\nbob@example.org,{no}\ncy@example.org,\n")
    said = import_(folder, file)
    assert (said.exit_code, f"{column!r} may say who left" in said.output) == (2, True), said.output
    assert import_(folder, file, "--map", f"{column}=subscribed").exit_code == 0
    assert set(listed(folder)) == {"alice@example.org"}
    assert import_(folder, file, "--map", f"{column}=ignore").exit_code == 0
    assert len(listed(folder)) == 3


@pytest.mark.parametrize(
    ("column", "cell"), [("VIP", "yes"), ("Orders", "0"), ("Sent", "1"), ("Answer", "yes, gladly")]
)
def test_a_column_that_says_something_else_stops_nothing(
    folder: Path, tmp_path: Path, column: str, cell: str
) -> None:
    (tmp_path / "list.csv").write_text(f'email,{column}\nalice@example.org,"{cell}"\n')
    assert import_(folder, tmp_path / "list.csv").exit_code == 0


@pytest.mark.parametrize("of", ["", "mailchimp", "kit"])
@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Remark", "Unsubscribed"),
        ("Remark", "blocklisted"),
        ("Left on", "2024-05-05"),
        ("Do not mail", "Yes"),
        ("Accepts Marketing", "no"),
        ("Newsletter", "false"),
    ],
)
def test_the_callers_word_is_not_taken_against_what_the_file_says(
    folder: Path, tmp_path: Path, of: str, column: str, cell: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"Email Address,{column}\n,\nalice@example.org,{cell}\n")
    arguments = (*(("--from", of) if of else ()), "--map", "Email Address=address", "--all-active")
    said = import_(folder, file, *arguments)
    assert (said.exit_code, f"{file}:3: the column {column!r}" in said.output) == (2, True), said.output
    assert re.search(rf"--map '?{column}=status", said.output)
    assert import_(folder, file, *arguments, "--map", f"{column}=ignore").exit_code == 0


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("email\nalice@example.org\n", ()),
        ("email,name\nalice@example.org,Alice\n", ()),
        (
            "Email Address,OPTIN_TIME,CONFIRM_TIME\nalice@example.org,2024-01-01 10:00:00,\n",
            ("--from", "mailchimp"),
        ),
        ("email,opted in at\nalice@example.org,2024-01-01\n", ()),
    ],
)
def test_nobody_is_suppressed_by_a_file_in_which_no_column_says_who_left(
    folder: Path, tmp_path: Path, text: str, arguments: tuple[str, ...]
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(text)
    said = run(folder, "suppress", "--file", str(file), *arguments, "--reason", "left")
    assert (said.exit_code, said.output.count("--all-gone"), "--all-active" in said.output) == (
        2,
        1,
        False,
    ), said.output
    assert not is_suppressed(folder, "alice@example.org")
    said = run(folder, "suppress", "--file", str(file), *arguments, "--all-gone", "--reason", "left")
    assert is_suppressed(folder, "alice@example.org"), said.output


def test_whoever_stopped_a_paid_plan_is_not_shut_out(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "subscribers.csv"
    file.write_text(
        "Email,Stripe plan,Cancel date\nalice@example.org,Monthly,2026-05-02\nbob@example.org,,2026-05-02\n"
    )
    assert (
        run(folder, "suppress", "--file", str(file), "--from", "substack", "--reason", "left").exit_code == 0
    )
    assert [is_suppressed(folder, f"{each}@example.org") for each in ("alice", "bob")] == [False, True]


@pytest.mark.parametrize(
    ("column", "shown", "word"),
    [
        ("state", "state", "Unsubscribed"),
        ("", "column 2", "unsubscribed"),
        ("Zustand", "Zustand", "abgemeldet"),
        ("Typ", "Typ", "Ehemaliger"),
        ("Bemerkung", "Bemerkung", "möchte keine Mails mehr"),
        ("Lista", "Lista", "baja"),
        ("Stato", "Stato", "disiscritto"),
        ("Groep", "Groep", "Afgemeld"),
        ("Group", "Group", "Inactive"),
        ("End date", "End date", "2024-01-01"),
        ("deactivated", "deactivated", "2024-03-12"),
        ("Leave date", "Leave date", "2024-01-01"),
        ("Afmelddatum", "Afmelddatum", "2024-01-01"),
        ("Disiscritto il", "Disiscritto il", "2024-01-01"),
        ("Date de desinscription", "Date de desinscription", "2024-01-01"),
        ("Résilié le", "Résilié le", "2024-01-01"),
        ("Ku\u0308ndigung am", "Ku\u0308ndigung am", "2024-01-01"),
        ("Gelöscht am", "Gelöscht am", "2024-01-01"),
        ("iscritto", "iscritto", "sì"),
        ("nieuwsbrief", "nieuwsbrief", "nee"),
        ("Note", "Note", "de\u0301sinscrit"),
        ("Note", "Note", "opgezegd"),
    ],
)
def test_a_word_that_says_who_left_stops_an_import_whatever_its_column_is_called(
    folder: Path, tmp_path: Path, column: str, shown: str, word: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"email,{column},city\nalice@example.org,{word},Bonn\n")
    said = import_(folder, file)
    assert (said.exit_code, f"{shown!r} may say who left" in said.output) == (2, True), said.output
    assert import_(folder, file, "--map", f"{shown}=ignore").exit_code == 0


@pytest.mark.parametrize(
    ("active", "gone"),
    [
        ("aktiv", "abgemeldet"),
        ("Inscrit", "Désinscrit"),
        ("activo", "baja"),
        ("attivo", "disiscritto"),
        ("Actief", "afgemeld"),
    ],
)
def test_a_status_may_be_in_another_language(folder: Path, tmp_path: Path, active: str, gone: str) -> None:
    file = tmp_path / "list.csv"
    file.write_text(
        f"email,Stand\nalice@example.org,{active}\nbob@example.org,{gone}\ncy@example.org,lively\n"
    )
    assert import_(folder, file, "--map", "Stand=status").exit_code == 0
    assert set(listed(folder)) == {"alice@example.org"}
    said = run(folder, "suppress", "--file", str(file), "--map", "Stand=status", "--reason", "left")
    assert said.exit_code == 0, said.output
    assert [is_suppressed(folder, f"{each}@example.org") for each in ("alice", "bob", "cy")] == [
        False,
        True,
        False,
    ]


def test_a_second_line_that_says_who_left_counts_whatever_is_vouched_for(
    folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(
        "email,status\nann@example.org,active\nbob@example.org,active\nann@example.org,unsubscribed\n"
    )
    assert import_(folder, file, "--all-active").exit_code == 0
    assert set(listed(folder)) == {"bob@example.org"}


def test_a_reason_says_more_of_the_kind_than_the_name_of_the_file(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "spamfighter-weekly-blocked.csv"
    file.write_text("email\nann@example.org\n")
    said = run(folder, "suppress", "--file", str(file), "--all-gone", "--reason", "left at Substack")
    assert "listed as: left 1" in said.output


def test_what_is_about_something_else_stops_no_import(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(
        "email,options,city,option,adopted,last opened,note\nalice@example.org,NY,Bonn,1,1,never,met at the fair\n"
    )
    assert import_(folder, file).exit_code == 0


def test_a_column_may_still_be_mapped_by_hand(folder: Path) -> None:
    file = EXPORTS / "mailchimp" / "subscribed_email_audience_export_1a2b3c4d5e.csv"
    assert (
        import_(
            folder, file, "--from", "mailchimp", "--map", "TAGS=topics", "--map", "TIMEZONE=time_zone"
        ).exit_code
        == 0
    )
    shown = json.loads(run(folder, "show", "mira.stays@mc.example.org", "--json").stdout)
    assert (shown["topics"], shown["time_zone"]) == (["Editors", "GTM - 11/20"], "Europe/Berlin")


def test_a_moment_that_cannot_be_read_loses_nobody_and_is_said(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "kit.csv").write_text(
        "email,state,created_at\nalice@example.org,active,31/12/24\nbob@example.org,active,2999-01-01\n"
    )
    said = import_(folder, tmp_path / "kit.csv", "--from", "kit")
    assert set(listed(folder)) == {"alice@example.org", "bob@example.org"}
    assert "Not understood, and not kept: the time of joining of 2 lines from line 2 on." in said.output


def test_readers_who_are_on_the_list_leave(folder: Path, tmp_path: Path) -> None:
    run(folder, "add", "alice@example.org", "--consent", "fair")
    bounced = tmp_path / "bounced.csv"
    bounced.write_text("email\nmailto:ALICE@example.org\nno address\n")
    said = run(folder, "suppress", "--file", str(bounced), "--all-gone", "--reason", "bounced elsewhere")
    assert f"{bounced}:3: 'no address' is no mail address" in said.output
    assert json.loads(run(folder, "show", "alice@example.org", "--json").stdout)["status"] == "left"
    assert (
        "suppressed before  1"
        in run(folder, "suppress", "--file", str(bounced), "--all-gone", "--reason", "again").output
    )


def test_a_list_without_one_address_is_refused(folder: Path, tmp_path: Path) -> None:
    bounced = tmp_path / "bounced.csv"
    bounced.write_text("email\nno address\n")
    said = run(folder, "suppress", "--file", str(bounced), "--all-gone", "--reason", "bounced elsewhere")
    assert (said.exit_code, f"{bounced}: none of its lines can be used" in said.output) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "give an address, or --file"),
        (("a@example.org", "--file", "x.csv"), "give an address, or --file"),
        (("a@example.org", "--all-gone"), "give an address, or --file"),
        (("--file", "absent.csv"), "cannot be read"),
        (("--file", str(EXPORTS / "ghost" / "members.csv"), "--from", "mailchimp"), "no export of Mailchimp"),
    ],
)
def test_a_list_that_cannot_be_meant_is_refused(
    folder: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    said = run(folder, "suppress", *arguments, "--reason", "left")
    assert (said.exit_code, sentence.replace("no export", "an export") in said.output) == (2, True)


def test_an_import_says_where_consent_comes_from_or_is_refused(folder: Path) -> None:
    result = run(folder, "import", str(EXPORTS / "ghost" / "members.csv"), "--from", "ghost")
    assert (result.exit_code, "consent comes from" in result.output) == (2, True)
