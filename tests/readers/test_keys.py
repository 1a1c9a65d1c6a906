import os
import stat
from pathlib import Path

import pytest

from newsletter.errors import BadInput
from newsletter.readers.keys import (
    make_link_keys,
    make_suppression_key,
    read_link_keys,
    read_suppression_key,
    rotate_link_keys,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_are_made_for_their_owner_only(tmp_path: Path) -> None:
    make_link_keys(tmp_path / "keys" / "links")
    assert mode(tmp_path / "keys") == 0o700
    assert mode(tmp_path / "keys" / "links") == 0o600


def test_a_loose_umask_changes_nothing(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_suppression_key(tmp_path / "keys" / "suppression")
    finally:
        os.umask(before)
    assert mode(tmp_path / "keys" / "suppression") == 0o600


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    make_link_keys(tmp_path / "one")
    make_link_keys(tmp_path / "two")
    assert read_link_keys(tmp_path / "one") != read_link_keys(tmp_path / "two")
    assert len(read_link_keys(tmp_path / "one")[0]) == 32


def test_keys_are_never_replaced(tmp_path: Path) -> None:
    make_link_keys(tmp_path / "links")
    keys = read_link_keys(tmp_path / "links")
    with pytest.raises(BadInput, match="never replaced"):
        make_link_keys(tmp_path / "links")
    assert read_link_keys(tmp_path / "links") == keys


def test_rotation_puts_the_new_key_last_and_keeps_the_others(tmp_path: Path) -> None:
    make_link_keys(tmp_path / "links")
    before = read_link_keys(tmp_path / "links")
    assert rotate_link_keys(tmp_path / "links") == 2
    after = read_link_keys(tmp_path / "links")
    assert after[:-1] == before
    assert after[-1] not in before
    assert mode(tmp_path / "links") == 0o600
    assert os.listdir(tmp_path) == ["links"]


def test_rotation_keeps_the_comments(tmp_path: Path) -> None:
    make_link_keys(tmp_path / "links")
    rotate_link_keys(tmp_path / "links")
    assert (tmp_path / "links").read_text().startswith("# Keys that sign readers' links, newest last.")


@pytest.mark.parametrize("loose", [0o640, 0o604, 0o660, 0o644])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, loose: int) -> None:
    make_link_keys(tmp_path / "links")
    (tmp_path / "links").chmod(loose)
    with pytest.raises(BadInput, match=f"mode 0{loose:o}.*chmod 600"):
        read_link_keys(tmp_path / "links")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "there is no key in this file"),
        ("# only a comment\n", "there is no key in this file"),
        ("# a comment\nc2hvcnQ=\n", "links:2: this key has 5 bytes; 32 are needed"),
        ("not a key!\n", "links:1: this is not a key"),
        ("ключ\n", "this is not a key file"),
    ],
)
def test_a_damaged_key_file_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "links"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(BadInput, match=sentence):
        read_link_keys(path)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="links: the key file cannot be read: No such file"):
        read_link_keys(tmp_path / "links")


def test_the_suppression_list_has_one_key(tmp_path: Path) -> None:
    make_suppression_key(tmp_path / "suppression")
    assert len(read_suppression_key(tmp_path / "suppression")) == 32
    rotate_link_keys(tmp_path / "suppression")
    with pytest.raises(BadInput, match="never rotated"):
        read_suppression_key(tmp_path / "suppression")
