"""Make the golden files of tests/render anew with the reference MJML. Needs Node; run `npm ci` here first."""

import subprocess
import sys
from pathlib import Path

from tests.render.goldens import FOLDER, sources

HERE = Path(__file__).parent


def main() -> int:
    """Write `<mail>.mjml` and the reference's `<mail>.html` for every mail; the exit status."""
    if not (HERE / "node_modules").is_dir():
        sys.stderr.write(f"The reference renderer is not installed. Run: npm ci --prefix {HERE}\n")
        return 2
    FOLDER.mkdir(exist_ok=True)
    for name, source in sources().items():
        html = subprocess.run(
            ["node", str(HERE / "render.js")], input=source.text.encode(), stdout=subprocess.PIPE, check=True
        ).stdout
        (FOLDER / f"{name}.mjml").write_text(source.text, encoding="utf-8")
        (FOLDER / f"{name}.html").write_bytes(html)
    return 0


if __name__ == "__main__":
    sys.exit(main())
