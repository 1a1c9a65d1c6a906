"""`python -m newsletter.web`: the process of the pages."""

import sys
from argparse import ArgumentParser
from pathlib import Path

from newsletter.commands import name_folder
from newsletter.schedule.listening import end_with_parent


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit status."""
    parser = ArgumentParser(prog="python -m newsletter.web", description="Serve the readers' pages.")
    parser.add_argument("--folder", type=Path, default=Path(), help="where newsletter.toml stands")
    parser.add_argument("--host", default="", help="instead of web.host")
    parser.add_argument("--port", type=int, default=None, help="instead of web.port")
    parser.add_argument("--fd", type=int, default=None, help="a socket that listens already, instead of both")
    parser.add_argument("--with-parent", type=int, metavar="PID", help="end when this parent process is gone")
    asked = parser.parse_args(arguments)
    if asked.with_parent is not None:
        end_with_parent(asked.with_parent)
    # It loads all of the pages, and the parent may be gone before that is done.
    from newsletter.web.server import run

    # What it says is read in a log.
    name_folder(asked.folder)
    try:
        return run(asked.folder, asked.host, asked.port, asked.fd)
    finally:
        name_folder(None)


if __name__ == "__main__":
    sys.exit(main())
