"""The command line: parse, call, print. Decisions live in the folders it calls."""

from newsletter.cli.program import program


def main() -> None:
    """Run `newsletter` with the arguments of this process and exit with its status."""
    program(prog_name="newsletter")
