from pathlib import Path

from click.testing import CliRunner

from newsletter.cli.program import program
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
