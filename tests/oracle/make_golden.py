"""Make the golden files of tests/render anew with the reference MJML. Needs Node; run `npm ci` here first."""

import subprocess
import sys
from pathlib import Path

from tests.render.goldens import FOLDER, golden_sources

HERE = Path(__file__).parent


def main() -> int:
    """Write `<name>.mjml` and the reference's `<name>.html` for every golden; return the exit status."""
    if not (HERE / "node_modules").is_dir():
        sys.stderr.write(f"The reference renderer is not installed. Run: npm ci --prefix {HERE}\n")
        return 2
    FOLDER.mkdir(exist_ok=True)
    for name, mjml in golden_sources().items():
        html = subprocess.run(
            ["node", str(HERE / "render.js")], input=mjml.encode(), stdout=subprocess.PIPE, check=True
        ).stdout
        (FOLDER / f"{name}.mjml").write_text(mjml, encoding="utf-8")
        (FOLDER / f"{name}.html").write_bytes(html)
    return 0


if __name__ == "__main__":
    sys.exit(main())
