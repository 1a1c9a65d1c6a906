"""Making backups: whole or not at all, for their owner only, and not for ever."""

import resource
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.backups.making import make_backup
from newsletter.db.schema import readers
from newsletter.schedule.jobs import load_jobs
from tests.backups.conftest import Place
from tests.config.written import changed


def names_in(file: Path) -> set[str]:
    with tarfile.open(file) as archive:
        return set(archive.getnames())


def test_a_backup_holds_both_stores_as_they_are_while_they_are_in_use(place: Place, tmp_path: Path) -> None:
    with closing(place.open()) as app, app.database.read() as connection:
        connection.execute(select(readers.c.id)).all()
        place.join("dave@example.org")
        file = place.backup()
    assert file.stat().st_mode & 0o777 == 0o600
    with tarfile.open(file) as archive:
        archive.extract("subscribers.db", tmp_path, filter="data")
    with closing(sqlite3.connect(tmp_path / "subscribers.db")) as connection:
        assert connection.execute("SELECT count(*) FROM readers").fetchone() == (4,)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["backup.tar.gz", "subscribers.db", "weekly"]


def test_keys_and_settings_are_in_it_unless_they_are_not_wanted(here: Place, tmp_path: Path) -> None:
    stores = {"manifest.json", "subscribers.db", "content.db"}
    assert names_in(here.backup()) == stores | {"newsletter.toml", "keys/links", "keys/suppression"}
    here.ok("backup", "--no-keys", str(tmp_path / "bare.tar.gz"))
    assert names_in(tmp_path / "bare.tar.gz") == stores


def _emptied(whole: bytes) -> bytes:
    return b""


def _overwritten(whole: bytes) -> bytes:
    return b"SQLite format 3\0" + b"alice@example.org" * 500


def _overwritten_within(whole: bytes) -> bytes:
    return whole[:20_480] + b"alice@example.org" * 3_000 + whole[71_480:]


@pytest.mark.parametrize("damaged", [_emptied, _overwritten, _overwritten_within])
@pytest.mark.parametrize("store", ["subscribers.db", "content.db"])
def test_a_damaged_store_replaces_no_backup(
    here: Place, store: str, damaged: Callable[[bytes], bytes]
) -> None:
    file = here.backup()
    before = file.read_bytes()
    (here.folder / store).write_bytes(damaged((here.folder / store).read_bytes()))
    result = here.run("backup", "--force", str(file))
    assert (result.exit_code, "@" in result.output) == (1, False)
    assert f"/{store} " in result.output
    assert file.read_bytes() == before


def test_a_place_that_cannot_be_written_is_named(here: Place, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = here.run("backup", str(tmp_path / "file" / "backup.tar.gz"))
    assert (result.exit_code, f"{tmp_path / 'file'}: this place cannot be written" in result.output) == (
        2,
        True,
    )


def test_only_so_many_are_kept_and_nothing_else_is_deleted(here: Place) -> None:
    with closing(here.open()) as app:
        settings = changed(app.settings, {"backups.keep": 2})
        others = here.folder / "backups"
        others.mkdir()
        (others / "newsletter-by-hand.tar.gz").touch()
        made = [make_backup(settings, app.clock.now() + timedelta(days=day)) for day in range(4)]
    assert sorted(others.iterdir()) == sorted([*made[2:], others / "newsletter-by-hand.tar.gz"])


def test_the_nightly_job_is_there_where_it_is_wanted(here: Place) -> None:
    with closing(here.open()) as app:
        wanted = changed(app.settings, {"backups.nightly": True})
        assert "backups" not in {job.name for job in load_jobs(app.settings, app)}
        assert "backups" in {job.name for job in load_jobs(wanted, app)}
    (here.folder / "newsletter.toml").write_text(
        (here.folder / "newsletter.toml").read_text().replace("# nightly = false", "nightly = true")
    )
    assert "Made newsletter-" in here.ok("jobs", "run", "backups")


@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "FILE is empty"),
        ("weekly", "is a directory"),
        ("weekly/subscribers.db", "needs this place"),
        ("weekly/subscribers.db-wal", "needs this place"),
        ("weekly/content.db", "needs this place"),
        ("weekly/newsletter.toml", "needs this place"),
        ("weekly/keys/links", "needs this place"),
        ("weekly/keys/new.tar.gz", "needs this place"),
        ("link", "needs this place"),
        ("hard link", "never replaced"),
        ("notes.txt", "never replaced"),
        ("/dev/null", "never replaced"),
        ("notes.txt/below", "cannot be written"),
        ("x" * 300, "cannot be written"),
    ],
)
def test_nothing_but_an_older_backup_is_replaced(
    here: Place, tmp_path: Path, force: tuple[str, ...], name: str, said: str
) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "link").symlink_to(here.folder / "subscribers.db")
    (tmp_path / "hard link").hardlink_to(here.folder / "subscribers.db")
    kept = {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
    result = here.run("backup", *force, str(tmp_path / name) if name else "")
    assert (result.exit_code, said in result.output) == (2, True), result.output
    assert {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()} == kept


def test_an_older_backup_is_replaced_only_by_force(here: Place, tmp_path: Path) -> None:
    file = here.backup()
    before = file.read_bytes()
    result = here.run("backup", str(file))
    assert (result.exit_code, "--force" in result.output, file.read_bytes() == before) == (2, True, True)
    here.join("dave@example.org")
    here.ok("backup", "--force", str(file))
    assert file.read_bytes() != before
    here.ok("backup", str(tmp_path / "subscribers.db"))
    assert "subscribers.db" in names_in(tmp_path / "subscribers.db")


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"")], ids=["gone", "emptied"])
@pytest.mark.parametrize("key", ["links", "suppression"])
def test_without_a_key_there_is_no_backup_and_none_goes(
    here: Place, key: str, spoil: Callable[[Path], object]
) -> None:
    here.ok("backup")
    before = list((here.folder / "backups").iterdir())
    spoil(here.folder / "keys" / key)
    result = here.run("backup")
    assert (result.exit_code, f"keys/{key} is missing" in result.output) == (1, True)
    assert list((here.folder / "backups").iterdir()) == before
    here.ok("backup", "--no-keys")


def test_two_within_a_second_are_two(here: Place) -> None:
    with closing(here.open()) as app:
        made = [make_backup(app.settings, app.clock.now()) for _ in range(3)]
    assert made == sorted({*made}) == sorted((here.folder / "backups").iterdir())


def test_a_backup_on_a_full_disk_says_that_and_leaves_nothing(here: Place) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # What the kernel refuses a process that may write no more looks like a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        refused = here.run("backup")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert refused.exit_code == 1
    assert "the disk is full" in refused.output or "File too large" in refused.output
    assert "damaged" not in refused.output
    assert [each.name for each in (here.folder / "backups").glob("*")] == []
