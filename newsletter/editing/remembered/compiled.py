"""The mail of an issue as it stands, remembered until it may read differently: looking at a draft must not take a second.

`CompiledMails.of(issue)` compiles at most once for each `stamp`: of the issue's version, content.db, the rulings, what other
issues say (numbers and cutoffs), the templates' files and the tools that readers follow. The settings are those of the one
installation it is made for. Approval does not trust it: what is frozen is compiled anew.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection

from newsletter.content.version import DataVersion
from newsletter.digest import store
from newsletter.digest.issues import Issue
from newsletter.digest.letter import Letter
from newsletter.digest.subject import NOTHING_PROPOSED, Proposals
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.proofs.letters import is_frozen, letter_of, plan_of, written
from newsletter.editing.remembered.kept import keep
from newsletter.editing.store import surroundings
from newsletter.errors import BadInput, TemplateError
from newsletter.readers.own_store import followed_tools
from newsletter.render.compile import compile_letter
from newsletter.render.frame import MessageFrame
from newsletter.render.plan import Plan

#: How many issues' mails are kept.
KEPT = 8
#: What readers follow is asked for anew after this long: of a million readers that takes a second.
FOLLOWED_FOR = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why there is no mail. `file` and `line` are those of the template, where it is one's; line 0: nobody knows."""

    reason: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledMail:
    """An issue's letter and plan. One of `plan` and `fault` is None; a letter of which no mail can be made is still a letter."""

    stamp: str
    letter: Letter
    frame: MessageFrame
    plan: Plan | None
    fault: Fault | None
    proposals: Proposals = NOTHING_PROPOSED


@dataclass(slots=True)
class CompiledMails:
    """The memory of one installation; safe for many threads, of which one compiles."""

    newsroom: Newsroom
    _kept: OrderedDict[int, CompiledMail] = field(default_factory=OrderedDict)
    _content: DataVersion = field(init=False)
    _followed: tuple[datetime, str] | None = None
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        settings = self.newsroom.settings
        self._content = DataVersion(settings.path(settings.content_db))

    def of(self, issue: Issue) -> CompiledMail:
        """The mail of the issue as it is given; of an approved one what was approved."""
        with self._lock:
            stamp = self.stamp(issue)
            known = self._kept.get(issue.id)
            mail = (
                known if known is not None and known.stamp == stamp else _compile(self.newsroom, issue, stamp)
            )
            keep(self._kept, issue.id, mail, KEPT)
            return mail

    def stamp(self, issue: Issue) -> str:
        """Another text whenever the issue's mail may read differently. Cheap: pages poll it."""
        if is_frozen(issue):
            return _hashed((str(issue.id), issue.content_hash))
        with self.newsroom.database.read() as connection:
            around = (
                *surroundings(connection),
                store.next_number(connection, issue.edition),
                store.cutoff_before(connection, issue.edition, issue.id),
                self._followed_by_readers(connection),
            )
        templates = self.template_stamp()
        return _hashed((str(issue.id), issue.version, self._content.read(), templates, *around))

    def template_stamp(self) -> str:
        """Another text whenever a template of mails was changed, added or removed."""
        return _hashed(_files(self.newsroom.template_folders))

    def content_version(self) -> str:
        """Another text whenever content.db was changed."""
        return self._content.read()

    def close(self) -> None:
        self._content.close()

    def _followed_by_readers(self, connection: Connection) -> str:
        now = self.newsroom.clock.now()
        if self._followed is None or not timedelta() <= now - self._followed[0] < FOLLOWED_FOR:
            self._followed = now, _hashed(followed_tools(connection))
        return self._followed[1]


def _compile(newsroom: Newsroom, issue: Issue, stamp: str) -> CompiledMail:
    if is_frozen(issue):
        plan, frame = plan_of(newsroom, issue)
        letter = letter_of(newsroom, issue)
        return CompiledMail(stamp=stamp, letter=letter, frame=frame, plan=plan, fault=None)
    found = written(newsroom, issue)
    plan_or_fault = _plan(newsroom, found.letter)
    return CompiledMail(
        stamp=stamp,
        letter=found.letter,
        proposals=found.proposals,
        frame=newsroom.frame,
        plan=plan_or_fault if isinstance(plan_or_fault, Plan) else None,
        fault=plan_or_fault if isinstance(plan_or_fault, Fault) else None,
    )


def _plan(newsroom: Newsroom, letter: Letter) -> Plan | Fault:
    try:
        return compile_letter(letter, newsroom.frame, newsroom.template_folders)
    except TemplateError as error:
        place = error.place
        reason = str(error).removeprefix(f"{place}: ")
        return Fault(reason=reason, file=str(place.file) if place else "", line=(place and place.line) or 0)
    except BadInput as error:
        return Fault(reason=str(error))


def _files(folders: Iterable[Path]) -> Iterator[str]:
    for folder in folders:
        for file in sorted((folder / "email").rglob("*.j2")):
            try:
                found = file.stat()
            except FileNotFoundError:
                continue
            yield f"{file}:{found.st_mtime_ns}:{found.st_size}"


def _hashed(parts: Iterable[object]) -> str:
    whole = sha256()
    for each in parts:
        whole.update(f"{each}\n".encode("utf-8", "surrogatepass"))
    return whole.hexdigest()[:24]
