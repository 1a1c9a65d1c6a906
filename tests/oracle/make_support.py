"""Make tests/render/support.json anew: what the large mail programs do with each feature of HTML and CSS.

The data are caniemail.com's, as the npm package `caniemail` carries them (MIT). Run `npm ci` here first; the tests need
neither Node nor the package.
"""

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DATA = HERE / "node_modules/caniemail/data/caniemail.json"
FILE = HERE.parent / "render/support.json"
#: The programs that may lack nothing without a fallback. The new Outlook shows what outlook.com shows.
PROGRAMS = {
    "gmail": ("desktop-webmail", "ios", "android", "mobile-webmail"),
    "outlook": ("windows", "outlook-com", "macos", "ios", "android"),
    "apple-mail": ("macos", "ios"),
    "yahoo": ("desktop-webmail", "ios", "android"),
}


def main() -> int:
    """Write the file; the exit status."""
    if not DATA.is_file():
        sys.stderr.write(f"The data are not installed. Run: npm ci --prefix {HERE}\n")
        return 2
    data = json.loads(DATA.read_text(encoding="utf-8"))
    features = {each["slug"]: _support(each["stats"]) for each in data["data"] if each["category"] != "image"}
    made = {"source": "caniemail.com", "of": data["last_update_date"][:10], "features": features}
    lines = (
        json.dumps(made, sort_keys=True).replace('}, "', '},\n"').replace('"features": {', '"features": {\n')
    )
    FILE.write_text(lines + "\n", encoding="utf-8")
    return 0


def _support(stats: dict[str, Any]) -> dict[str, str]:
    """The newest version's mark by program: "a" partly, "n" not, "u" unknown. What just works is left out."""
    found = {}
    for family, platforms in PROGRAMS.items():
        for platform in platforms:
            versions = stats.get(family, {}).get(platform)
            mark = list(versions.values())[-1][0] if versions else "u"
            if mark != "y":
                found[f"{family}.{platform}"] = mark
    return found


if __name__ == "__main__":
    sys.exit(main())
