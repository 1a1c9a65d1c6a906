"""What takes a second to work out, remembered by a running desk until it may be another. Nothing here is stored."""

import logging
import os
import shutil
import signal
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from threading import Lock, Thread
from typing import TypeVar

from sqlalchemy import Connection

from newsletter.app import App
from newsletter.config import Settings
from newsletter.content.conflicts.find import IDENTITY, find_contradictions
from newsletter.content.conflicts.findings import Contradiction
from newsletter.content.database import DataVersion
from newsletter.content.store import ContentStore
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.digest import store
from newsletter.digest.content import IssueContent
from newsletter.digest.issues import Issue
from newsletter.digest.subject import NOTHING_PROPOSED, Proposals
from newsletter.editing.checks.findings import Finding, warning
from newsletter.editing.checks.links import Opener, unreachable
from newsletter.editing.checks.run import look_around, look_over, published
from newsletter.editing.checks.spam import PROGRAM, spam
from newsletter.editing.draft import Merge, plan_merge
from newsletter.editing.facts import all_rulings
from newsletter.editing.preview import Proof, is_frozen, letter_of, plan_of, proof_of, pull_proof, written
from newsletter.editing.store import audience_size, publishing_stamp, surroundings
from newsletter.errors import BadInput, TemplateError
from newsletter.readers.store import followed_tools
from newsletter.render.compile import compile_issue
from newsletter.render.headers import MessageFrame
from newsletter.render.plan import Plan

# How little is remembered: the last few, by key.

K = TypeVar("K")
V = TypeVar("V")


def keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """Put the value last, and let go of the first ones while there are more than `most`."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)


# The mail of an issue as it stands, remembered until it may read differently: looking at a draft must not take a second.
#
# `CompiledMails.of(issue)` compiles at most once for each `stamp`: of the issue's version, content.db, the rulings, what other
# issues say (numbers and cutoffs), the templates' files and the tools that readers follow. The settings are those of the one
# installation it is made for. Approval does not trust it: what is frozen is compiled anew.

#: How many issues, looks and plans are kept of each.
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
    letter: IssueContent
    frame: MessageFrame
    plan: Plan | None
    fault: Fault | None
    proposals: Proposals = NOTHING_PROPOSED


@dataclass(slots=True)
class CompiledMails:
    """The memory of one installation; safe for many threads, of which one compiles."""

    app: App
    _kept: OrderedDict[int, CompiledMail] = field(default_factory=OrderedDict)
    _content: DataVersion = field(init=False)
    _followed: tuple[datetime, str] | None = None
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        settings = self.app.settings
        self._content = DataVersion(settings.path(settings.paths.content_db))

    def of(self, issue: Issue) -> CompiledMail:
        """The mail of the issue as it is given; of an approved one what was approved."""
        with self._lock:
            stamp = self.stamp(issue)
            known = self._kept.get(issue.id)
            mail = known if known is not None and known.stamp == stamp else _compile(self.app, issue, stamp)
            keep(self._kept, issue.id, mail, KEPT)
            return mail

    def stamp(self, issue: Issue) -> str:
        """Another text whenever the issue's mail may read differently. Cheap: pages poll it."""
        if is_frozen(issue):
            return _hashed((str(issue.id), issue.content_hash))
        with self.app.database.read() as connection:
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
        return _hashed(_files(self.app.template_folders))

    def content_version(self) -> str:
        """Another text whenever content.db was changed."""
        return self._content.read()

    def close(self) -> None:
        self._content.close()

    def _followed_by_readers(self, connection: Connection) -> str:
        now = self.app.clock.now()
        if self._followed is None or not timedelta() <= now - self._followed[0] < FOLLOWED_FOR:
            self._followed = now, _hashed(followed_tools(connection))
        return self._followed[1]


def _compile(app: App, issue: Issue, stamp: str) -> CompiledMail:
    if is_frozen(issue):
        plan, frame = plan_of(app, issue)
        letter = letter_of(app, issue)
        return CompiledMail(stamp=stamp, letter=letter, frame=frame, plan=plan, fault=None)
    found = written(app, issue)
    plan_or_fault = _plan(app, found.letter)
    return CompiledMail(
        stamp=stamp,
        letter=found.letter,
        proposals=found.proposals,
        frame=app.frame,
        plan=plan_or_fault if isinstance(plan_or_fault, Plan) else None,
        fault=plan_or_fault if isinstance(plan_or_fault, Fault) else None,
    )


def _plan(app: App, letter: IssueContent) -> Plan | Fault:
    try:
        return compile_issue(letter, app.frame, app.template_folders)
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


# What contradicts itself, remembered until content.db changes: looking for it reads every claim there is.
#
# Of a small store that takes an instant. Of a large one it takes seconds, so a process of its own does it: a thread would
# take its turns with the pages, each of which would wait for many. They show what was found before until it is done.
# A ruling settles what is known at once.

log = logging.getLogger(__name__)

#: Up to this size of content.db nobody has to wait for it.
SMALL_BYTES = 4 * 1024 * 1024

#: Stands among the findings, and keeps approval waiting, until all disputes about what is recorded now are known.
STILL_LOOKING = warning(
    "looking",
    "What contradicts itself is still looked for",
    "sources",
    "There is much to read. Some disputes about this issue may not be listed yet.",
    "Load the page again in a moment.",
    firm=True,
)

Rulings = Mapping[str, Mapping[str, str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Every contradiction that nobody has ruled on, the serious and certain ones first. Not `is_current`: it is looked for now.

    `stamp` is another text whenever claims or rulings on identity are others.
    """

    found: tuple[Contradiction, ...]
    is_current: bool
    stamp: str = ""


@dataclass(slots=True)
class Disputes:
    """The memory of one installation; safe for many threads, of which one looks."""

    app: App
    _content: DataVersion = field(init=False)
    _stamp: str = ""
    _found: tuple[Contradiction, ...] = ()
    _looking: Thread | None = None
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        settings = self.app.settings
        self._content = DataVersion(settings.path(settings.paths.content_db))

    def open(self) -> Known:
        with self.app.database.read() as connection:
            rulings = all_rulings(connection)
        twins = _on_identity(rulings)
        stamp = f"{self._content.read()} {twins}"
        with self._lock:
            if self._stamp != stamp and not self._is_large():
                self._stamp, self._found = stamp, self._look(twins)
            elif self._stamp != stamp and (self._looking is None or not self._looking.is_alive()):
                self._looking = Thread(target=self._look_beside, args=(stamp, twins), daemon=True)
                self._looking.start()
            found, is_current = self._found, self._stamp == stamp
        return Known(found=self._open_of(found, rulings), is_current=is_current, stamp=stamp)

    def wait(self) -> None:
        """Until all that is recorded now has been looked through."""
        self.open()
        if self._looking is not None:
            self._looking.join()

    def _look(self, twins: Rulings) -> tuple[Contradiction, ...]:
        with self.app.content() as content:
            return find_contradictions(
                content, source_order=self.app.settings.digest.source_order, rulings=twins
            )

    def _look_beside(self, stamp: str, twins: Rulings) -> None:
        try:
            found = self._look_elsewhere(twins)
        except Exception:
            # The next look at a page tries again.
            log.exception("what contradicts itself could not be looked for")
        else:
            with self._lock:
                self._stamp, self._found = stamp, found

    def _look_elsewhere(self, twins: Rulings) -> tuple[Contradiction, ...]:
        """In a process of its own; raises EOFError where that ends without an answer."""
        settings, context = self.app.settings, get_context("spawn")
        answer, sender = context.Pipe(duplex=False)
        given = (sender, settings.path(settings.paths.content_db), settings.digest.source_order, twins)
        process = context.Process(target=_find, args=given, daemon=True)
        process.start()
        sender.close()
        try:
            found: tuple[Contradiction, ...] = answer.recv()
        finally:
            answer.close()
            process.join()
        return found

    def _is_large(self) -> bool:
        settings = self.app.settings
        file = settings.path(settings.paths.content_db)
        return file.exists() and file.stat().st_size > SMALL_BYTES

    def _open_of(self, found: tuple[Contradiction, ...], rulings: Rulings) -> tuple[Contradiction, ...]:
        """Those that no ruling settles; one on a claim holds as long as its source says so."""
        asked = [
            each for each in found if any(each.attribute in rulings.get(id_, {}) for id_ in each.tool_ids)
        ]
        if not asked:
            return found
        with self.app.content() as content:
            claims = content.claims({id_ for each in asked for id_ in each.tool_ids})
        current = {None, *(claim.id for stated in claims.values() for claim in stated)}
        settled = {
            (tool_id, attribute)
            for tool_id, by_attribute in rulings.items()
            for attribute, claim_id in by_attribute.items()
            if claim_id in current
        }
        return tuple(
            each for each in found if not any((id_, each.attribute) in settled for id_ in each.tool_ids)
        )

    def close(self) -> None:
        if self._looking is not None:
            self._looking.join()
        self._content.close()


def _find(answer: Pipe, content_db: Path, source_order: Sequence[str], twins: Rulings) -> None:
    """What the process does: as the pages' poor relation, and not to be bothered by Ctrl-C, which its parent minds."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(5)
    with ContentStore.read_only(content_db) as content:
        answer.send(find_contradictions(content, source_order=source_order, rulings=twins))


def _on_identity(rulings: Rulings) -> Rulings:
    """The rulings that say which records are one tool: they change what is compared with what."""
    return {
        tool_id: {IDENTITY: by_attribute[IDENTITY]}
        for tool_id, by_attribute in rulings.items()
        if IDENTITY in by_attribute
    }


# Checks that ask others, run beside the pages when an editor asks for them, and remembered for the content that they were of.


#: How many answers are kept.
KEPT_ANSWERS = 32


class Asked(StrEnum):
    """Whom an editor can ask."""

    LINKS = "links"
    SPAM = "spam"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """What came of asking: `found` is None while it is being asked."""

    asked: Asked
    found: tuple[Finding, ...] | None


@dataclass(slots=True)
class AskedChecks:
    """The memory of one installation; safe for many threads."""

    settings: Settings
    opener: Opener = field(default_factory=Opener)
    #: SpamAssassin; None where there is none.
    program: str | None = field(default_factory=lambda: shutil.which(PROGRAM))
    #: Grows whenever somebody has answered: a page that waits for it looks again.
    heard: int = 0
    _kept: "OrderedDict[tuple[str, Asked], tuple[Finding, ...] | None]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def offered(self) -> tuple[Asked, ...]:
        """Links only where desk.check_links allows it: opening them tells others that we look."""
        links = (Asked.LINKS,) if self.settings.desk.check_links else ()
        return (*links, *((Asked.SPAM,) if self.program else ()))

    def ask(self, asked: Asked, proof: Proof, patience: float) -> None:
        """Ask about the proof, unless that is being done; what takes longer than `patience` in seconds goes on beside."""
        key = (proof.content_hash, asked)
        with self._lock:
            if key in self._kept and self._kept[key] is None:
                return
            keep(self._kept, key, None, KEPT_ANSWERS)
        # It is given nothing that is closed with the installation.
        thread = Thread(target=self._run, args=(key, proof), daemon=True)
        thread.start()
        thread.join(patience)

    def answers(self, content_hash: str) -> tuple[Answering, ...]:
        """What was asked about this content, in the order of `offered`."""
        with self._lock:
            kept = [(asked, (content_hash, asked)) for asked in Asked if (content_hash, asked) in self._kept]
            return tuple(Answering(asked=asked, found=self._kept[key]) for asked, key in kept)

    def found(self, content_hash: str) -> tuple[Finding, ...]:
        return tuple(each for answer in self.answers(content_hash) for each in answer.found or ())

    def _run(self, key: tuple[str, Asked], proof: Proof) -> None:
        try:
            found = tuple(self._findings(key[1], proof))
        except Exception:
            log.exception("the %s of an issue could not be checked", key[1])
            with self._lock:
                self._kept.pop(key, None)
            return
        with self._lock:
            keep(self._kept, key, found, KEPT_ANSWERS)
            self.heard += 1

    def _findings(self, asked: Asked, proof: Proof) -> Iterator[Finding]:
        if asked is Asked.LINKS:
            yield from unreachable(proof.letter, self.opener)
        elif proof.plan is not None:
            yield from spam(proof.plan, self.program)


# What an editor sees of an issue: its proof and the findings on it, remembered until either may be another.
#
# `CompiledMails` remembers the mail; here stand the hash that approval expects, and the checks.

_WAITING = (IssueStatus.DRAFT, IssueStatus.APPROVED)
NONE = Known(found=(), is_current=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A mail, the proof of it and every finding on it, errors first."""

    mail: CompiledMail
    proof: Proof
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Looks:
    """The memory of one installation; safe for many threads."""

    app: App
    mails: CompiledMails
    disputes: Disputes
    asked: AskedChecks
    _kept: "OrderedDict[str, Look]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, issue: Issue) -> Look:
        """A look at the issue as it is given. What depends on other issues and the settings is looked up each time."""
        return self._with_around(issue, self._remembered(issue))

    def known(self, issue: Issue) -> Look | None:
        """The look at the issue as it stands, where somebody has looked: nothing is compiled or checked for it."""
        begins = f"{issue.version} {self.mails.stamp(issue)} "
        with self._lock:
            kept = [look for stamp, look in self._kept.items() if stamp.startswith(begins)]
        return self._with_around(issue, kept[-1]) if kept else None

    def _with_around(self, issue: Issue, look: Look) -> Look:
        around = tuple(look_around(self.app, issue))
        heard = () if issue.status not in _WAITING else self.asked.found(look.proof.content_hash)
        firm = (*(each for each in around if each.firm), *look.findings)
        mild = (*(each for each in around if not each.firm), *heard)
        return Look(mail=look.mail, proof=look.proof, findings=(*firm, *mild))

    def _remembered(self, issue: Issue) -> Look:
        today = self.app.clock.now().date()
        content = self.mails.content_version()
        disputes = self.disputes.open() if not is_frozen(issue) else NONE
        with self.app.database.read() as connection:
            elsewhere = publishing_stamp(connection)
        mail = self.mails.of(issue)
        stamp = f"{issue.version} {mail.stamp} {content} {today} {disputes.is_current} {elsewhere}"
        with self._lock:
            known = self._kept.get(stamp) or self._take(issue, mail, disputes)
            keep(self._kept, stamp, known, KEPT)
            return known

    def _take(self, issue: Issue, mail: CompiledMail, disputes: Known) -> Look:
        proof = self._proof(issue, mail)
        elsewhere = tuple(published(self.app, issue))
        found = (*elsewhere, *look_over(self.app, proof, lambda: disputes.found))
        return Look(
            mail=mail, proof=proof, findings=found if disputes.is_current else (*found, STILL_LOOKING)
        )

    def _proof(self, issue: Issue, mail: CompiledMail) -> Proof:
        if is_frozen(issue):
            return pull_proof(self.app, issue)
        number = mail.letter.masthead.number
        trouble = "" if mail.fault is None else mail.fault.reason
        return proof_of(self.app, issue, mail.letter, mail.plan, number=number, trouble=trouble)


# What merging would change, remembered for each draft until it may be another: in a large store choosing takes a second.

#: A plan's moment lies no further back.
FRESH_FOR = timedelta(minutes=10)


@dataclass(slots=True)
class PlannedMerges:
    """The memory of one installation; safe for many threads. A merge up to a plan's moment does what the plan says."""

    app: App
    mails: CompiledMails
    _kept: "OrderedDict[str, Merge]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, issue: Issue) -> Merge:
        """What merging now would change; raises as `plan_merge`."""
        stamp = f"{issue.id} {issue.status} {self.mails.stamp(issue)}"
        with self._lock:
            known = self._kept.get(stamp)
            if known is None or self.app.clock.now() - known.cutoff_at >= FRESH_FOR:
                known = plan_merge(self.app, issue)
            keep(self._kept, stamp, known, KEPT)
        return known


#: How old the number of readers on a page may be.
COUNTED_FOR = timedelta(minutes=1)


@dataclass(slots=True)
class Audiences:
    """How many readers an issue would go to if it went now: counted once a minute, since a million take a moment."""

    app: App
    _known: dict[Edition, tuple[datetime, int]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, edition: Edition) -> int:
        now = self.app.clock.now()
        with self._lock:
            counted_at, count = self._known.get(edition, (None, 0))
            if counted_at is None or not timedelta() <= now - counted_at < COUNTED_FOR:
                with self.app.database.read() as connection:
                    count = audience_size(connection, edition, now.date())
                self._known[edition] = now, count
            return count


class DeskCache:
    """What a running desk remembers of one installation from page to page. Close it before the installation."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.compiled = CompiledMails(app)
        self.disputes = Disputes(app)
        self.asked = AskedChecks(app.settings)
        self.looks = Looks(app, self.compiled, self.disputes, self.asked)
        self.merges = PlannedMerges(app, self.compiled)
        self.audiences = Audiences(app)

    def close(self) -> None:
        self.disputes.close()
        self.compiled.close()
