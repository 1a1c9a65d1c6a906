from pathlib import Path

import pytest
from click.testing import CliRunner

from newsletter.app import open_app
from newsletter.cli.program import program
from newsletter.config import FILE_NAME
from newsletter.installation import make_installation
from newsletter.readers.keys import read_link_keys
from newsletter.readers.links import LinkSigner, LinkTarget, Purpose


def test_links_of_before_a_rotation_still_work(tmp_path: Path) -> None:
    make_installation(tmp_path)
    token = LinkSigner(read_link_keys(tmp_path / "keys" / "links")).token(Purpose.UNSUBSCRIBE, 7, 3)
    result = CliRunner().invoke(program, ["--folder", str(tmp_path), "keys", "rotate"])
    assert result.output == "A new key signs from now on; 2 keys verify. Restart newsletter serve.\n"
    signer = LinkSigner(read_link_keys(tmp_path / "keys" / "links"))
    assert signer.read(Purpose.UNSUBSCRIBE, token) == LinkTarget(7, 3)
    assert signer.token(Purpose.UNSUBSCRIBE, 7, 3) != token


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_installation(tmp_path, example=True)
    return tmp_path


def dkim(folder: Path, *options: str) -> str:
    result = CliRunner().invoke(program, ["--folder", str(folder), "keys", "dkim", *options])
    assert result.exit_code == 0, result.output
    return result.output


def test_dkim_keys_are_made_and_shown_before_anything_is_signed(folder: Path) -> None:
    shown = dkim(folder)
    assert f"Made {folder}/keys/dkim-rsa.pem." in shown
    assert "newsletter._domainkey.example.org\n    v=DKIM1; k=rsa; p=" in shown
    assert "newsletter-ed25519._domainkey.example.org\n    v=DKIM1; k=ed25519; p=" in shown
    assert 'rsa_key = "keys/dkim-rsa.pem"' in shown
    app = open_app(folder)
    assert app.dkim is None
    app.close()


def test_dkim_records_can_be_printed_again_for_a_zone_file(folder: Path) -> None:
    dkim(folder)
    first, second = dkim(folder, "--zone").splitlines()
    assert first.startswith('newsletter._domainkey.example.org. IN TXT ( "v=DKIM1; k=rsa; p=')
    assert second.startswith('newsletter-ed25519._domainkey.example.org. IN TXT ( "v=DKIM1; k=ed25519; p=')


def test_messages_are_signed_once_the_settings_name_the_keys(folder: Path) -> None:
    dkim(folder)
    toml = folder / FILE_NAME
    toml.write_text(toml.read_text().replace('# rsa_key = ""', 'rsa_key = "keys/dkim-rsa.pem"'))
    app = open_app(folder)
    assert app.dkim is not None
    assert app.transactional_sender.dkim is app.dkim
    app.close()
    assert "name the keys" not in dkim(folder)
