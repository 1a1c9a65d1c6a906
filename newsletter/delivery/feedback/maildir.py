"""Reports from a Maildir that a mail server on this machine delivers to."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from newsletter.delivery.feedback.mailbox import MOST_BYTES, Incoming, MailboxTrouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Maildir:
    """A Maildir of its own for reports. `delete`: remove what was acted on, which holds addresses."""

    folder: Path
    delete: bool = False

    @property
    def name(self) -> str:
        return str(self.folder)

    def incoming(self) -> Iterator[Incoming]:
        new = self.folder / "new"
        try:
            files = sorted(each for each in new.iterdir() if each.is_file())
        except OSError as error:
            raise MailboxTrouble(f"{new} cannot be read: {error.strerror}. It must be a Maildir.") from error
        for file in files:
            if file.stat().st_size <= MOST_BYTES:
                yield Incoming(file.name, file.read_bytes())

    def put_away(self, incoming: Incoming) -> None:
        file = self.folder / "new" / incoming.name
        if self.delete:
            file.unlink(missing_ok=True)
            return
        read = self.folder / "cur"
        read.mkdir(exist_ok=True)
        file.replace(read / f"{incoming.name.partition(':')[0]}:2,S")

    def close(self) -> None:
        """Nothing is open."""
