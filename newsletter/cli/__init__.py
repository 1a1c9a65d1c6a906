"""The command line: parse, call, print. Decisions live in the folders it calls."""

import sys

from newsletter.distribution import fault_of_package


def main() -> None:
    """Run `newsletter` with the arguments of this process and exit with its status."""
    if fault := fault_of_package():
        sys.stderr.write(f"newsletter: {fault}\n")
        sys.exit(2)
    # Only now: of a package that another distribution has written into, nothing else may be imported.
    from newsletter.cli.program import program

    program(prog_name="newsletter")
