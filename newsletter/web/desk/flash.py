"""What a page of the desk says after a form: short codes in the page's address, each with its words here.

Only a code travels in the address, so that nobody can put words into our mouth. A form that worked leads to
`done(path, "saved")`, one that did not to `failed(path, "too-late")`; `take_step` finds the code by the class of the error.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from newsletter.editing.approve import ApprovalBlocked, OwnWork, ReadsOtherwise
from newsletter.errors import ChangedMeanwhile, ConfigError, InvalidTransition, NewsletterError, SendError

#: What was done.
DONE = {
    "saved": "Saved.",
    "moved": "Moved, and pinned in its new place.",
    "led": "This is the lead now. Check the subject and the preheader: they may still be about the previous one.",
    "merged": "Merged: the draft now has everything that arrived up to then.",
    "undone": "Undone.",
    "redone": "Redone.",
    "revoked": "Access revoked, and all of their sessions ended.",
    "role": "Role changed.",
    "ruled": "Ruling saved. Issues that are already approved stay as they are.",
    "taken-back": "Ruling withdrawn.",
    "answered": "Answered.",
    "check-started": "Check started. Its findings are listed as soon as it is done.",
    "asked-again": "Answer withdrawn: the finding is open again.",
    "overridden": "Overridden. The activity log keeps the reason.",
    "tested": "Test sent. Its subject begins with [Test].",
    "approved": "Approved: exactly this will be sent.",
    "withdrawn": "This is a draft again.",
    "held": "On hold: it will not be sent until you release it.",
    "released": "Released: it will be sent at its time.",
    "scheduled": "Rescheduled: it will be sent at the time you chose, once it is approved.",
    "scheduled-skipped": "Rescheduled. The clocks skip the time you chose: it will be sent at the first moment after it, once it is approved.",
    "scheduled-twice": "Rescheduled. The clocks show the time you chose twice: it will be sent the first time, once it is approved.",
    "sending": "Sending now.",
    "asked": "A confirmation email is on its way.",
    "asked-before": "Nothing was sent: they were asked a short while ago, or do not need to confirm.",
    "suppressed": "Suppressed: nothing will be sent to this address any more.",
    "suppressed-before": "This address was already suppressed.",
    "erased": "Erased.",
    "erased-here": "Erased here. Copies that an outbox once took are not in the outbox of the settings: delete them where they are.",
    "erased-soon": "Erased. The last traces leave the database’s own log tonight.",
    "paused": "Paused: within a second, nobody new is mailed.",
    "resumed": "Resumed: sending continues wherever newsletter serve runs.",
    "cancelled": "Cancelled for good. Readers who were still waiting were skipped.",
    "sent-again": "Sending again: some of these readers may get it twice.",
    "corrected": "Corrected: its page in the archive says so.",
}

#: What did not work.
FAILED = {
    "blocked": "Not approved: something below is still blocking it.",
    "reads-otherwise": "Not approved: the issue has changed since you opened this page. This is how it reads now.",
    "own-work": "Not approved: whoever edited an issue may not approve it. Somebody else has to.",
    "changed": "Nothing was changed: the issue is not as it was when you opened this page. This is how it stands now.",
    "too-late": "Nothing was changed: the issue has moved on. This is how it stands now.",
    "gone": "There was nothing left to answer: somebody else answered it, or it has been fixed.",
    "reason": "Not overridden: give a reason, in at most 500 characters. The activity log keeps it.",
    "answer": "Nothing was changed: that is not one of the possible answers.",
    "number": "Not sent: the number you typed is not the number of readers.",
    "time": "Not rescheduled: choose a day and a time within a year, and none that is past the catch-up limit.",
    "not-ready": "Nothing was done: some settings are missing. The checks below name them.",
    "test-failed": "Not every test email was accepted. What the mail server replied is in this server’s log.",
    "test-empty": "Choose at least one kind of reader.",
    "cannot-send": "The test was not sent: the mail transport cannot be used right now.",
    "none-selected": "Nothing was sent: no readers were selected.",
    "pause-first": "Nothing was changed: a sender is working on some of these readers. Pause the issue first.",
}

#: The code for each class of error that a form of an issue's may meet; the nearest class holds.
CODES: Mapping[type[Exception], str] = {
    ApprovalBlocked: "blocked",
    ReadsOtherwise: "reads-otherwise",
    OwnWork: "own-work",
    ChangedMeanwhile: "changed",
    InvalidTransition: "too-late",
    ConfigError: "not-ready",
    SendError: "cannot-send",
}


@dataclass(frozen=True, slots=True)
class Flash:
    """A notice at the top of a page. `at` names the field or the finding that a failure is about; mostly empty."""

    words: str
    is_failure: bool = False
    at: str = ""

    @classmethod
    def of(cls, request: Request) -> "Flash | None":
        """Return what the page's address asks for, or None."""
        code = request.query_params.get("flash", "")
        if code in FAILED:
            return cls(FAILED[code], is_failure=True, at=request.query_params.get("at", ""))
        return cls(DONE[code]) if code in DONE else None


def done(path: str, code: str = "", anchor: str = "") -> RedirectResponse:
    """Lead from a form to a page, which says what was done (a key of DONE) or what was not (of FAILED)."""
    query, fragment = (f"?flash={code}" if code else ""), (f"#{anchor}" if anchor else "")
    return RedirectResponse(f"{path}{query}{fragment}", status_code=303)


def take_step(
    path: str,
    step: Callable[[], str],
    *,
    then: str = "",
    at: str = "",
    codes: Mapping[type[Exception], str] | None = None,
) -> Response:
    """Take a step, which returns its code, and lead to the page `then` that says so, or to `path` that says why nothing was done.

    An empty `then` is `path`. `codes` are what some errors mean for this form alone, `at` the field or finding that a failure is about. An error that neither
    `codes` nor CODES name is raised again.
    """
    known = {**CODES, **(codes or {})}
    try:
        return done(then or path, step())
    except NewsletterError as error:
        for kind in type(error).__mro__:
            if kind in known:
                return failed(path, known[kind], at)
        raise


def failed(path: str, code: str, at: str = "") -> Response:
    """Lead from a form to a page that says why nothing was done: a key of FAILED."""
    query = urlencode({"flash": code, **({"at": at} if at else {})})
    return RedirectResponse(f"{path}?{query}#main", status_code=303)
