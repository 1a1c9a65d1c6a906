"""How the panel and the community stand on one tool, and how that is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import takewhile

from newsletter.content.records import Decision, Review, Verdict, Votes, share_of
from newsletter.digest.content import Figure
from newsletter.digest.figures import half_up, votes_key, whole
from newsletter.errors import N_
from newsletter.language import ENGLISH, Language

NO_PANEL = N_("not reviewed yet")
NO_VOTES = N_("no votes yet")
#: Whose votes they are, in tables.
COMMUNITY = N_("Community")
#: Fewer votes than this are no majority to set against the panel.
VOTES_FOR_SHARE = 10
#: The shares that ship between which a panel is divided, in percent.
DIVIDED = (40, 60)
_REVIEWERS = {
    2: N_("Two reviewers"),
    3: N_("Three reviewers"),
    4: N_("Four reviewers"),
    5: N_("Five reviewers"),
    6: N_("Six reviewers"),
    7: N_("Seven reviewers"),
    8: N_("Eight reviewers"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The panel's last word on a tool; what is unknown is None. Grounds are ids of verdicts and reviews."""

    ships: int | None = None
    skips: int | None = None
    share: Decimal | None = None
    derived: bool = False
    scores: int = 0
    mean: Decimal | None = None
    split_grounds: tuple[str, ...] = ()
    mean_grounds: tuple[str, ...] = ()
    #: What other pages of ours say instead.
    others: tuple[Verdict, ...] = ()
    #: What its words are written in.
    language: Language = ENGLISH

    @property
    def grounds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.split_grounds, *self.mean_grounds)))

    @property
    def exists(self) -> bool:
        return self.share is not None or self.mean is not None

    @property
    def rounded_mean(self) -> int | None:
        return None if self.mean is None else whole(self.mean)

    @property
    def rounded_share(self) -> int | None:
        return None if self.share is None else whole(self.share)

    @property
    def reviewers(self) -> int:
        """How many decided; 0 where only a share is known."""
        return (self.ships or 0) + (self.skips or 0)

    @property
    def is_divided(self) -> bool:
        """Whether about as many ship as skip: a lone vote against the others divides nobody."""
        return self.share is not None and DIVIDED[0] <= self.share <= DIVIDED[1]

    @property
    def ships_it(self) -> bool | None:
        """What the majority says; None for a tie or no panel."""
        return None if self.share is None or self.share == 50 else self.share > 50

    @property
    def split(self) -> str:
        """ "4–0", "75 % ship", or empty."""
        if self.ships is not None and self.skips is not None:
            return f"{self.ships}–{self.skips}"
        return self.language.gettext("%(share)s ship", share=self.shown_share) if self.shown_share else ""

    @property
    def shown_share(self) -> str:
        """ "75 %", or empty where unknown."""
        if self.share is None:
            return ""
        return self.language.gettext("%(number)s %%", number=self.language.number(half_up(self.share)))

    @property
    def words(self) -> str:
        """ "4 ship / 0 skip (the page says 100 %)"."""
        if self.ships is None or self.skips is None:
            return self.split or self._mean_words or self.language.gettext(NO_PANEL)
        if self.derived:
            return self.language.gettext(
                "%(ships)s ship / %(skips)s skip (the page says %(share)s %%)",
                ships=self.ships,
                skips=self.skips,
                share=self.rounded_share,
            )
        return self.language.gettext("%(ships)s ship / %(skips)s skip", ships=self.ships, skips=self.skips)

    @property
    def brief(self) -> str:
        """ "4–0, mean 79"."""
        return ", ".join(filter(None, (self.split, self._mean_words))) or self.language.gettext(NO_PANEL)

    @property
    def _mean_words(self) -> str:
        return "" if self.mean is None else self.language.gettext("mean %(mean)s", mean=self.rounded_mean)

    @property
    def members(self) -> str:
        """ "three of four reviewers", "all four reviewers", "75 % of reviewers": as the subject of a sentence."""
        _, ships, everybody = self.language.gettext, self.ships, self.language.in_words(self.reviewers)
        if ships is None or self.skips is None:
            return _("%(share)s of reviewers", share=self.shown_share)
        if not self.skips:
            both = {1: _("the only reviewer"), 2: _("both reviewers")}
            return both.get(self.reviewers) or _("all %(all)s reviewers", all=everybody)
        if not ships:
            return _("none of %(all)s reviewers", all=everybody)
        counted = self.language.in_words(ships)
        return _("%(count)s of %(all)s reviewers", count=counted, all=everybody)

    @property
    def part(self) -> str:
        """ "three of four", "all four", "75 %": after a sentence that has named the reviewers."""
        _, ships, everybody = self.language.gettext, self.ships, self.language.in_words(self.reviewers)
        if ships is None or self.skips is None:
            return self.shown_share
        if not self.skips and self.reviewers > 2:
            return _("all %(all)s", all=everybody)
        if not ships:
            return _("none of %(all)s", all=everybody)
        return _("%(count)s of %(all)s", count=self.language.in_words(ships), all=everybody)

    @property
    def agreement(self) -> int:
        """1 where `members` take a verb in the singular: "one of four would", "none of four would"; else 2."""
        return 1 if self.ships is not None and (self.ships <= 1 or self.reviewers == 1) else 2

    def figure(self) -> Figure:
        return Figure(
            text=self.words, claims=self.split_grounds or self.mean_grounds, disputed=bool(self.others)
        )


def panel_of(verdicts: Sequence[Verdict], reviews: Sequence[Review], language: Language = ENGLISH) -> Panel:
    """Return the panel as the last verdict says it, else as the reviews' decisions add up; means from the scores.

    Reviews of which one has no decision add up to nothing: who knows what that one would have said.
    """
    scores = [review.score for review in reviews if review.score is not None]
    mean = Decimal(sum(scores)) / len(scores) if scores else None
    scored = tuple(review.id for review in reviews if review.score is not None)
    known = [verdict for verdict in verdicts if share_of(verdict) is not None]
    if known:
        last = _best_said(known)
        return Panel(
            ships=last.ships,
            skips=last.skips,
            share=share_of(last),
            derived=last.derived,
            scores=len(scores),
            mean=mean,
            split_grounds=(last.id,),
            mean_grounds=scored,
            language=language,
        )
    return _from_reviews(reviews, mean, scored, language)


def others_say(panel: Panel, verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """Return the last verdict of each source that says another share than the panel's, rounded as they are printed."""
    last = {each.source_id: each for each in verdicts if share_of(each) is not None}
    return tuple(
        each
        for each in last.values()
        if each.id not in panel.split_grounds and whole(share_of(each) or Decimal(0)) != panel.rounded_share
    )


def _best_said(known: Sequence[Verdict]) -> Verdict:
    """Return the last verdict; where one just before it counted out what it only gives as a share, that one."""
    last = known[-1]

    def is_same(each: Verdict) -> bool:
        if last.ships is None:
            return share_of(each) == share_of(last)
        return (each.ships, each.skips) == (last.ships, last.skips)

    same = takewhile(is_same, reversed(known))
    return next((each for each in same if each.ships is not None and not each.derived), last)


def _from_reviews(
    reviews: Sequence[Review], mean: Decimal | None, scored: tuple[str, ...], language: Language
) -> Panel:
    decisions = [review.decision for review in reviews]
    if not decisions or None in decisions:
        return Panel(scores=len(scored), mean=mean, mean_grounds=scored, language=language)
    ships = decisions.count(Decision.SHIP)
    return Panel(
        ships=ships,
        skips=len(decisions) - ships,
        share=Decimal(100 * ships) / len(decisions),
        scores=len(scored),
        mean=mean,
        split_grounds=tuple(review.id for review in reviews),
        mean_grounds=scored,
        language=language,
    )


def community(votes: Votes | None, language: Language = ENGLISH) -> Figure:
    """Return "no votes yet", "17 of 24 ship"."""
    total = 0 if votes is None else votes.ship + votes.skip
    if votes is None or total == 0:
        return Figure(text=language.gettext(NO_VOTES), counts_votes=True)
    text = language.gettext("%(count)s of %(total)s ship", count=votes.ship, total=total)
    return Figure(text=text, claims=(votes_key(votes),), counts_votes=True)


def votes_day(votes: Votes | None, language: Language = ENGLISH) -> str:
    """Return the day on which these totals were seen, since they say none of their own; empty where nobody voted."""
    voted = votes is not None and votes.ship + votes.skip
    return language.short_date(votes.seen_at.date()) if votes is not None and voted else ""


def score_key(panels: Iterable[Panel], language: Language = ENGLISH) -> str:
    """Return what the panel's numbers mean: "Four reviewers score 0–100; ship means use it."; empty without a panel."""
    known = [each for each in panels if each.exists]
    sizes = {max(each.reviewers, each.scores) for each in known}
    size = sizes.pop() if len(sizes) == 1 else 0
    who = language.gettext(_REVIEWERS.get(size, N_("Reviewers")))
    say, score = (any(each.share is not None for each in known), any(each.mean is not None for each in known))
    if say and score:
        return language.gettext("%(who)s score 0–100; ship means use it.", who=who)
    if score:
        return language.gettext("%(who)s score 0–100.", who=who)
    return language.gettext("%(who)s say ship (use it) or skip.", who=who) if say else ""


def general_key(language: Language) -> str:
    """Return what the numbers of panels mean of which nothing else is the same."""
    who = language.gettext("Reviewers")
    return language.gettext("%(who)s score 0–100; ship means use it.", who=who)
