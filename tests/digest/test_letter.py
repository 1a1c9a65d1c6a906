"""The letter of a small week, from the stores to every word; and of weeks that somebody wishes us ill with."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from newsletter.content.records import (
    ClaimEntry,
    ComparisonEntry,
    Decision,
    Pack,
    QuestionEntry,
    ReviewEntry,
    SourceEntry,
    ToolEntry,
    VerdictEntry,
)
from newsletter.digest.content import (
    Card,
    ChangeLine,
    Figure,
    IssueContent,
    Link,
    figures_in,
    issue_content_from_json,
    issue_content_to_json,
)
from newsletter.digest.items import BRIEF_WORDS, CARD_WORDS
from newsletter.digest.links import affiliate_notice
from newsletter.digest.subject import PREHEADER_CHARS, SUBJECT_CHARS
from newsletter.digest.wording import count_words
from newsletter.digest.writing import MOST_WORDS, count_issue_words, lead_words, minutes
from newsletter.errors import StoreError
from newsletter.language import ENGLISH
from tests.digest.golden import FILE, letter_of_week, readable, written_week
from tests.digest.week import CUTOFF, PANEL_PAGE, PRICE_PAGE, PROFILE_PAGE, VERDICT_PAGE, WEEK

#: An issue with changes and followed tools, as it was stored before lines of prose were figures.
FIRST_FORM = Path(__file__).with_name("first_form.json")


@pytest.fixture
def letter(tmp_path: Path) -> IssueContent:
    return letter_of_week(tmp_path, *WEEK)


def test_a_small_week_reads_like_the_golden_letter(letter: IssueContent) -> None:
    assert readable(letter) == FILE.read_text(encoding="utf-8")


def test_a_letter_comes_back_from_its_frozen_form(letter: IssueContent) -> None:
    stored = issue_content_to_json(letter)
    assert issue_content_from_json(stored) == letter
    assert issue_content_to_json(issue_content_from_json(stored)) == stored


def test_an_issue_stored_in_the_first_form_is_still_read() -> None:
    """Its lines of prose were texts, and what they stand on stood apart."""
    stored = FIRST_FORM.read_text(encoding="utf-8")
    before, now = json.loads(stored), issue_content_from_json(stored)
    stood_on = {each["where"]: tuple(each["claims"]) for each in before["grounds"]}
    assert now.lead is not None
    assert (now.lead.bottom_line.text, now.lead.bottom_line.claims) == (
        before["lead"]["bottom_line"],
        stood_on["lead"],
    )
    assert now.lead.pick_left_if.text == before["lead"]["pick_left_if"]
    assert [str(each) for each in now.findings] == before["findings"]
    for block in ("findings", "changes", "more", "followed"):
        lines: list[Figure] = [getattr(each, "words", each) for each in getattr(now, block)]
        assert [each.claims for each in lines] == [
            stood_on.get(f"{block}.{place}", ()) for place in range(len(lines))
        ]
        if block != "findings":
            assert [each.text for each in lines] == [each["words"] for each in before[block]]
    assert issue_content_from_json(issue_content_to_json(now)) == now


def test_what_is_no_letter_is_refused() -> None:
    with pytest.raises(StoreError):
        issue_content_from_json('{"subject": 3}')


def test_every_printed_number_from_data_leads_to_a_source(letter: IssueContent) -> None:
    said_as_unknown = {"no votes yet", "not reviewed yet", "no token price recorded", "not recorded"}
    with_digits = [
        each
        for each in figures_in(letter)
        if any(char.isdigit() for char in each.text.replace("1M tokens", ""))
    ]
    assert len(with_digits) > 10
    assert [each.text for each in with_digits if not each.claims and each.text not in said_as_unknown] == []
    assert letter.lead is not None
    assert letter.opening is not None
    prose = [letter.lead.bottom_line, letter.lead.reason, letter.lead.pick_left_if, *letter.opening.sentences]
    assert all(each.claims for each in (*prose, *(each.words for each in letter.more)))


def test_what_sources_differ_on_is_printed_with_both_values_names_and_dates(letter: IssueContent) -> None:
    assert [each.words for each in letter.sources.disputes] == [
        "Heron Small, input price: $0.10 (Model almanac, checked 1 Mar 2026); "
        "$0.07 (Tool desk, prices, seen 23 Nov 2026)"
    ]


#: A brief with a summary of its own, which prints no price; and somebody who says another price.
QUIET = Pack(
    source=SourceEntry(name="Pages", ours=True),
    tools=(ToolEntry(id="kite", name="Kite"), ToolEntry(id="wren", name="Wren")),
    comparisons=(ComparisonEntry(left_id="kite", right_id="wren", summary="Kite flies. Wren sings."),),
    reviews=tuple(
        ReviewEntry(tool_id=tool, reviewer="Ada", score=score, decision=Decision(said))
        for tool, score, said in (("kite", 80, "ship"), ("wren", 40, "skip"))
    ),
    claims=(ClaimEntry(tool_id="kite", attribute="input_price", value="1", unit="USD/Mtok"),),
)
OTHER = Pack(
    source=SourceEntry(name="Other"),
    claims=(ClaimEntry(tool_id="kite", attribute="input_price", value="0.5", unit="USD/Mtok"),),
)


def test_a_finding_on_which_sources_differ_points_to_them_and_a_preheader_does_not(tmp_path: Path) -> None:
    written = written_week(tmp_path, PANEL_PAGE, QUIET, OTHER, since=CUTOFF - timedelta(days=7))
    [line] = [each for each in written.content.findings if each.text.startswith("Sources differ")]
    assert str(line) == "Sources differ on Kite, input price: $0.50 or $1.00/1M tokens.†"
    assert line.text in written.proposals.preheaders
    assert str(line) not in written.proposals.preheaders


def test_sources_that_agree_with_each_other_stand_behind_one_value(tmp_path: Path) -> None:
    claim = ClaimEntry(tool_id="heron-small", attribute="input_price", value="0.07", unit="USD/Mtok")
    letter = letter_of_week(tmp_path, *WEEK, Pack(source=SourceEntry(name="Third"), claims=(claim,)))
    assert [each.words for each in letter.sources.disputes] == [
        "Heron Small, input price: $0.10 (Model almanac, checked 1 Mar 2026); "
        "$0.07 (Third & Tool desk, prices, seen 23 Nov 2026)"
    ]


def test_every_source_that_is_named_is_among_the_sources(letter: IssueContent) -> None:
    names = {each.name for each in letter.sources.origins}
    assert {"Model almanac", "Tool desk, prices"} <= names


def test_a_source_is_dated_as_what_is_printed_of_it(tmp_path: Path) -> None:
    def price(tool: str, day: int) -> ClaimEntry:
        return ClaimEntry(
            tool_id=tool,
            attribute="input_price",
            value="0.07",
            unit="USD/Mtok",
            verified_on=date(2026, 11, day),
        )

    tools = tuple(ToolEntry(id=each, name=each.title()) for each in ("alto", "basso"))
    claims = (price("alto", 19), price("basso", 18))
    one = Pack(source=SourceEntry(name="Prices"), tools=tools, claims=claims)
    [origin] = letter_of_week(tmp_path, one).sources.origins
    assert (origin.dated, origin.newest_on) == (
        "checked 18–19 Nov 2026",
        date(2026, 11, 19),
    )


def test_a_brief_names_both_tools_whatever_its_headline(tmp_path: Path) -> None:
    comparison = replace(PRICE_PAGE.comparisons[0], headline="Reports, or mail")
    renamed = PRICE_PAGE.model_copy(update={"comparisons": (comparison,)})
    letter = letter_of_week(tmp_path, PANEL_PAGE, renamed)
    assert [each.headline for each in letter.more] == ["Pelican Large vs Heron Small"]


def test_a_dispute_about_what_is_not_printed_is_not_printed(tmp_path: Path) -> None:
    other = ClaimEntry(tool_id="osprey-7b", attribute="max_output", value="9000", unit="tokens")
    more = Pack(source=SourceEntry(name="Elsewhere"), claims=(other,))
    again = Pack(
        source=SourceEntry(name="Nowhere"),
        claims=(ClaimEntry(tool_id="osprey-7b", attribute="max_output", value="8000", unit="tokens"),),
    )
    assert letter_of_week(tmp_path, PROFILE_ALONE, more, again).sources.disputes == ()


PROFILE_ALONE = PROFILE_PAGE.model_copy(
    update={"claims": tuple(each for each in PROFILE_PAGE.claims if each.tool_id == "osprey-7b")}
)


def test_from_a_source_that_is_not_ours_only_figures_enter(tmp_path: Path) -> None:
    theirs = [
        pack.model_copy(update={"source": replace(pack.source, ours=False)}) for pack in WEEK if pack.source
    ]
    letter = letter_of_week(tmp_path, *theirs)
    assert letter.lead is not None
    assert (letter.lead.quotes, letter.answer) == ((), None)
    printed = readable(letter)
    for page in WEEK:
        prose = [each.tagline for each in page.tools] + [each.words for each in page.notes]
        prose += [text for each in page.comparisons for text in (each.pick_left_if, each.pick_right_if)]
        assert [text for text in prose if text and text in printed] == []
    assert letter.lead.conclusion.text == (
        "Use Borealis 3 (22B). All four reviewers would use it, three of four Meridian Medium. "
        "Borealis 3 (22B) is free, Meridian Medium paid per token."
    )


def test_a_ruling_ends_a_dispute(letter: IssueContent, tmp_path: Path) -> None:
    chosen = _input_price(letter).claims[0]
    ruled = letter_of_week(_folder(tmp_path), *WEEK, rulings={"heron-small": {"input_price": chosen}})
    assert _input_price(letter).disputed
    assert not _input_price(ruled).disputed
    assert ruled.sources.disputes == ()


def test_a_figure_that_was_ruled_out_is_not_printed(tmp_path: Path) -> None:
    letter = letter_of_week(tmp_path, PRICE_PAGE, rulings={"heron-small": {"input_price": None}})
    assert letter.lead is not None
    assert letter.lead.costs is not None
    assert {row.right.text for row in letter.lead.costs.volumes} == {"not recorded"}


def _input_price(letter: IssueContent) -> Figure:
    [card] = [each for each in letter.cards if each.tool_id == "heron-small"]
    return dict(card.facts)["Input"]


def _folder(parent: Path) -> Path:
    folder = parent / "ruled"
    folder.mkdir()
    return folder


def test_the_editors_words_take_the_place_of_the_computed_ones(tmp_path: Path) -> None:
    edits = {"subject": "Mine", "preheader": "Look", "note": "Hello.", "bottom_line": "Take  the Borealis."}
    letter = letter_of_week(tmp_path, *WEEK, edits=edits)
    assert letter.lead is not None
    assert (letter.subject, letter.preheader, letter.note) == ("Mine", "Look", "Hello.")
    assert letter.lead.bottom_line.text == "Take the Borealis."


def test_links_that_pay_are_labelled_and_explained(tmp_path: Path) -> None:
    letter = letter_of_week(
        tmp_path, VERDICT_PAGE, PANEL_PAGE, settings={"site.affiliate_hosts": ("example.com",)}
    )
    [card] = letter.cards
    assert card.link is not None
    assert card.link.affiliate
    assert letter.footer.affiliate_notice == "Links marked “ad” earn us money."
    assert letter.lead is not None
    assert not letter.lead.link.affiliate


def test_a_link_that_pays_is_explained_wherever_it_stands(letter: IssueContent) -> None:
    paying = Link(label="Vela", url="https://vela.example.com", affiliate=True)
    changed = replace(
        letter, changes=(ChangeLine(tool_id="vela", words=Figure(text="Vela costs less."), link=paying),)
    )
    assert affiliate_notice(letter, ENGLISH) == ""
    assert affiliate_notice(changed, ENGLISH) == "Links marked “ad” earn us money."


def test_without_links_that_pay_nothing_is_explained(letter: IssueContent) -> None:
    assert letter.footer.affiliate_notice == ""


def test_a_week_without_comparisons_has_no_lead_and_still_a_subject(tmp_path: Path) -> None:
    letter = letter_of_week(tmp_path, VERDICT_PAGE, PROFILE_ALONE)
    assert (letter.lead, letter.more) == (None, ())
    assert letter.subject == "Tern Notes: 1 ship / 1 skip"
    assert [each.kicker for each in letter.cards] == ["new verdict", "new model"]


def test_prices_on_cards_have_their_unit_and_the_days_they_were_looked_at(letter: IssueContent) -> None:
    [heron] = [each for each in letter.cards if each.tool_id == "heron-small"]
    [osprey] = [each for each in letter.cards if each.tool_id == "osprey-7b"]
    assert {label: value.text for label, value in heron.facts} == {
        "Input": "$0.10/1M tokens",
        "Output": "$0.20/1M tokens",
        "Checked": "1 Mar 2026, seen 23 Nov 2026",
    }
    assert dict(osprey.facts)["Context"].text == "128K tokens"


def test_how_one_pays_for_a_judged_tool_has_its_day_too(tmp_path: Path) -> None:
    price = ClaimEntry(
        tool_id="tern-notes", attribute="price", value="Free tier, then $8", as_of=date(2026, 11, 2)
    )
    priced = VERDICT_PAGE.model_copy(update={"claims": (price,)})
    [card] = letter_of_week(tmp_path, priced).cards
    assert dict(card.facts)["Pricing"].text == "free to start (as of 2 Nov 2026)"


def test_costs_and_benchmarks_say_whose_they_are_and_of_which_day(tmp_path: Path) -> None:
    lead = letter_of_week(tmp_path, PRICE_PAGE).lead
    assert lead is not None
    assert lead.costs is not None
    assert lead.costs.dated == "Seen 23 Nov 2026."
    assert lead.benchmarks is not None
    assert lead.benchmarks.origin == "Tool desk, prices, seen 23 Nov 2026."


def summed_up(summary: str) -> Pack:
    comparison = replace(PRICE_PAGE.comparisons[0], summary=summary)
    return PRICE_PAGE.model_copy(update={"comparisons": (comparison,)})


def test_where_no_panel_says_why_the_comparisons_own_summary_does(tmp_path: Path) -> None:
    said = "Heron sorts faster than anybody reads. It is a tenth of the price, 50 % cheaper."
    lead = letter_of_week(tmp_path, summed_up(said)).lead
    assert lead is not None
    assert lead.why == "Heron sorts faster than anybody reads."


def test_somebody_elses_summary_is_not_the_reason(tmp_path: Path) -> None:
    theirs = SourceEntry(name="Elsewhere", ours=False)
    pack = summed_up("Heron sorts faster than anybody reads.").model_copy(update={"source": theirs})
    lead = letter_of_week(tmp_path, pack).lead
    assert lead is not None
    assert lead.why == ""


def test_both_tools_of_a_brief_can_be_followed(letter: IssueContent) -> None:
    assert [[each.tool_id for each in brief.sides] for brief in letter.more] == [
        ["pelican-large", "heron-small"]
    ]


def test_the_preheader_is_about_the_lead_and_repeats_nothing_of_the_subject(letter: IssueContent) -> None:
    assert letter.subject == "Borealis 3 (22B) beats Meridian Medium"
    assert letter.preheader == (
        "Use Borealis 3 (22B). All four reviewers would use it, three of four Meridian Medium."
    )


def test_findings_are_printed_that_are_news_and_stand_nowhere_else(tmp_path: Path) -> None:
    def found(*packs: Pack, since: timedelta | None) -> list[str]:
        moment = None if since is None else CUTOFF - since
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return [each.text[:14] for each in letter_of_week(folder, *packs, since=moment).findings]

    week, quiet = timedelta(days=7), (PANEL_PAGE, QUIET, OTHER)
    prints_prices = replace(QUIET.comparisons[0], summary="")
    priced = QUIET.model_copy(update={"comparisons": (prints_prices,), "claims": (*QUIET.claims, *(
        replace(each, attribute="output_price") for each in QUIET.claims))})  # fmt: skip
    assert found(*quiet, since=week) == ["Sources differ"]
    assert found(PANEL_PAGE, priced, OTHER, since=week) == [], "the brief prints both prices"
    assert found(*quiet, since=timedelta(days=1)) == [], "it was known before"
    assert found(*quiet, since=None) == []


def test_subject_preheader_and_first_block_tell_one_story(tmp_path: Path) -> None:
    """A change that is larger than the lead's news: its sentence opens the issue, with what the reviewer says who turned."""
    before = Pack(
        source=SourceEntry(name="Before", ours=True),
        tools=PANEL_PAGE.tools[1:],
        verdicts=(VerdictEntry(tool_id="meridian-medium", ships=0, skips=1),),
        reviews=(
            ReviewEntry(tool_id="meridian-medium", reviewer="Builder", score=30, decision=Decision.SKIP),
        ),
    )
    early = CUTOFF - timedelta(days=5)
    letter = written_week(tmp_path, *WEEK, before=(before, early - timedelta(days=2)), since=early).content
    assert letter.subject == "Meridian Medium won our panel over, 0–1 → 3–1"
    assert letter.opening is not None
    assert letter.opening.sentences[0].text == (
        "Meridian Medium won our panel over: three of four reviewers would use it, none of one before."
    )
    assert letter.opening.sentences[1].text.startswith("Borealis 3 (22B) beats Meridian Medium")
    assert letter.opening.quote is not None
    assert letter.opening.quote.reviewer == "Builder", "who turned comes before who is new"
    assert letter.opening.quote.words in letter.preheader


def test_beside_an_editors_subject_the_preheader_goes_on_with_the_lead(tmp_path: Path) -> None:
    letter = letter_of_week(tmp_path, PRICE_PAGE, edits={"subject": "Which of the two?"})
    assert letter.lead is not None
    assert letter.preheader == letter.lead.reason.text


def test_an_editors_bottom_line_is_the_preheader_too(tmp_path: Path) -> None:
    letter = letter_of_week(tmp_path, *WEEK, edits={"bottom_line": "Take the Borealis."})
    assert letter.preheader.startswith("Take the Borealis.")


def test_only_the_first_issue_has_nothing_to_compare(letter: IssueContent, tmp_path: Path) -> None:
    before = CUTOFF - timedelta(days=7)
    assert letter.is_first
    assert not letter_of_week(_folder(tmp_path), *WEEK, since=before).is_first


# ── budgets ────────────────────────────────────────────────────────────────────────────────────────────


def full_week(count: int) -> Pack:
    """More than an issue holds: comparisons whose every text is as long as anybody writes."""
    names = [f"Model {each} Instruct {each}.5 Preview" for each in range(2 * count)]
    ids = [f"model-{each}" for each in range(2 * count)]
    long_text = "It does a great many things for a great many people in a great many places. " * 20
    return Pack(
        source=SourceEntry(name="A tool desk with a long name", url="https://tools.example.org/x", ours=True),
        tools=tuple(
            ToolEntry(id=key, name=name, tagline=long_text, description=long_text, category="Developer Tools")
            for key, name in zip(ids, names, strict=True)
        ),
        comparisons=tuple(
            ComparisonEntry(
                left_id=ids[2 * each],
                right_id=ids[2 * each + 1],
                summary=long_text,
                pick_left_if=long_text,
                pick_right_if=long_text,
                headline=long_text,
            )
            for each in range(count)
        ),
        verdicts=tuple(
            VerdictEntry(tool_id=key, ships=place % 5, skips=4 - place % 5) for place, key in enumerate(ids)
        ),
        reviews=tuple(
            ReviewEntry(tool_id=key, reviewer=who, score=40 + (place * 7) % 60, words=long_text)
            for place, key in enumerate(ids)
            for who in ("Builder", "Skeptic", "Futurist", "Founder")
        ),
        claims=tuple(
            ClaimEntry(tool_id=key, attribute=attribute, value=f"0.{place + 1}", unit="USD/Mtok")
            for place, key in enumerate(ids)
            for attribute in ("input_price", "output_price")
        ),
        questions=tuple(QuestionEntry(tool_id=key, question="What is it?", answer=long_text) for key in ids),
    )


def test_a_full_week_keeps_to_its_budgets(tmp_path: Path) -> None:
    letter = letter_of_week(tmp_path, full_week(9))
    assert letter.lead is not None
    assert lead_words(letter.lead) <= 240
    assert len(letter.more) == 3
    assert all(count_words(f"{each.headline} {each.words}") <= BRIEF_WORDS for each in letter.more)
    assert len(letter.cards) == 3
    assert all(_card_words(each) <= CARD_WORDS for each in letter.cards)
    assert letter.answer is not None
    assert count_words(f"{letter.answer.question} {letter.answer.answer}") <= 50
    assert 430 <= count_issue_words(letter) <= MOST_WORDS
    assert letter.masthead.minutes == minutes(count_issue_words(letter))
    assert len(letter.subject) <= SUBJECT_CHARS
    assert len(letter.preheader) <= PREHEADER_CHARS


def _card_words(card: Card) -> int:
    facts = (f"{label} {value.text}" for label, value in card.facts)
    return count_words(" ".join((card.kicker, card.name, card.split.text, card.line, *facts)))


def test_at_most_twelve_items_have_a_name_and_the_rest_is_counted(tmp_path: Path) -> None:
    letter = letter_of_week(tmp_path, full_week(30))
    named = 1 + len(letter.more) + len(letter.cards) + 1 + len(letter.rest) - 1
    assert named == 12
    # 30 comparisons and the verdicts of 60 tools, of which lead and briefs print 8, less those that have a name.
    assert letter.rest[-1].label == f"and {30 + 60 - 8 - 11:,} more"
    assert letter.rest[-1].url == "https://news.example.org/archive/weekly-1"


def test_empty_blocks_are_empty(tmp_path: Path) -> None:
    letter = letter_of_week(tmp_path, PANEL_PAGE)
    assert (letter.more, letter.cards, letter.rest, letter.answer, letter.changes) == ((), (), (), None, ())
    assert letter.lead is not None
    assert (letter.lead.costs, letter.lead.benchmarks) == (None, None)


# ── hostile content ────────────────────────────────────────────────────────────────────────────────────

NASTY = "\u202e<script>alert(1)</script>\u2066 {{ 7*7 }} \ufeff“"


def test_hostile_words_stay_words_on_one_line(tmp_path: Path) -> None:
    pack = Pack(
        source=SourceEntry(name=NASTY, url="https://tools.example.org/", ours=True),
        tools=(
            ToolEntry(id="a", name=f"A {NASTY}", tagline=NASTY, category=NASTY * 5, url="https://a.example"),
            ToolEntry(id="b", name="B" * 190, tagline="x " * 400, entry=NASTY),
        ),
        comparisons=(ComparisonEntry(left_id="a", right_id="b", headline=NASTY, pick_left_if=NASTY),),
        reviews=(
            ReviewEntry(
                tool_id="a", reviewer=f"R {NASTY}", score=50, words=f"It ships {NASTY} every day of the week."
            ),
        ),
        claims=(ClaimEntry(tool_id="a", attribute="licence", value=NASTY),),
    )
    letter = letter_of_week(tmp_path, pack)
    texts = [letter.subject, letter.preheader, *(each.text for each in letter.findings), *_lead_texts(letter)]
    assert [each for each in texts if not each.isprintable()] == []
    assert max(map(len, texts)) < 400
    assert len(letter.subject) <= SUBJECT_CHARS


def _lead_texts(letter: IssueContent) -> list[str]:
    assert letter.lead is not None
    lead = letter.lead
    rows = [text for row in lead.decision for text in (row.label, row.left.text, row.right.text)]
    names = [row.reviewer for row in lead.scorecard.rows] if lead.scorecard else []
    quoted = [text for each in lead.quotes for text in (each.words, each.reviewer, each.tool)]
    return [
        lead.headline,
        lead.bottom_line.text,
        lead.pick_left_if.text,
        lead.left.name,
        lead.right.name,
        *rows,
        *names,
        *quoted,
    ]


@pytest.mark.parametrize("url", ["", "http://[", "https://a.example/\u202e"])
def test_what_leads_nowhere_safe_is_no_link(tmp_path: Path, url: str) -> None:
    comparison = replace(PANEL_PAGE.comparisons[0], url=url)
    letter = letter_of_week(tmp_path, PANEL_PAGE.model_copy(update={"comparisons": (comparison,)}))
    assert letter.lead is not None
    assert letter.lead.link.url == ""
