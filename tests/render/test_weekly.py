"""The weekly issue: what it says, in which order, in how many words and bytes."""

import re
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from newsletter.config import template_folders
from newsletter.digest.content import Figure, Followed, IssueContent, Rates, Score, Scorecard, ScoreRow
from newsletter.errors import BadInput
from newsletter.render.columns import width
from newsletter.render.compile import compile_issue
from newsletter.render.plan import SAMPLE_VALUES, Plan, SlotName
from tests.render import letters
from tests.render.letters import plan_of
from tests.render.views import for_browsers, for_outlook, html_of, parse_errors, text_of, tree

FOLDERS = template_folders(None)
LETTERS = {
    name: getattr(letters, name) for name in ("USUAL", "THIN", "HEAVY", "NO_LEAD", "RIGHT_TO_LEFT", "HOSTILE")
}


def compiled(letter: IssueContent) -> Plan:
    return compile_issue(letter, letters.FRAME, FOLDERS)


def words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def body(name: str) -> Any:
    return tree(for_browsers(html_of(plan_of(name)))).find("body")


def in_order(text: str, phrases: list[str]) -> None:
    places = [text.index(phrase) for phrase in phrases]
    assert places == sorted(places)


READING_ORDER = [
    "No. 12",
    "Two open models",
    "beats Mistral Medium 3.2",
    "The price went up without a word",
    "Open weights for graphics cards",
    "A cloud model that runs",
    "4–0, mean 79, against 3–1, mean 70",
    "One is a file that you own",
    "All four reviewers would use it",
    "Pick Mistral 3 Small (22B) if",
    "Pick Mistral Medium 3.2 if",
    "Read the full comparison",
    "Four reviewers score 0–100",
    "Skeptic",
    "no votes yet",
    "It slots into every local runner",
    "By the token, half input",
    "Constrained rewriting",
    "9 of 12 tests",
    "Most divided panel",
    "Input price from",
    "It draws well until",
    "Quill vs Inkwell",
    "Lumen Voice",
    "Also new",
    "Can I run a 22B model",
    "checked 1 Mar 2026",
    "You get this because",
    "12 Harbour Street",
]


def test_the_html_is_read_in_the_stated_order() -> None:
    text = words(body("HEAVY"))
    in_order(
        text[text.index("No. 12") :].replace("Widest gap of the week: Harbor Agents", "Widest gap"),
        READING_ORDER,
    )


def test_the_text_is_read_in_the_stated_order() -> None:
    in_order(" ".join(text_of(plan_of("HEAVY")).split()), READING_ORDER)


@pytest.mark.parametrize("name", sorted(LETTERS))
def test_the_html_needs_no_repair(name: str) -> None:
    document = html_of(plan_of(name))
    assert parse_errors(for_browsers(document)) == []
    assert parse_errors(for_outlook(document)) == []


def test_empty_blocks_vanish_with_their_headings() -> None:
    headings = [words(each) for each in body("THIN").iter() if each.tag in ("h1", "h2", "h3")]
    lead = "Mistral 3 Small (22B) vs Mistral Medium 3.2"
    assert headings == ["Weekly Verdicts", lead, "Side by side"]
    for word in ("SCORECARD", "COSTS", "BENCHMARKS", "MORE", "SOURCES", "QUESTION", "NEW ON"):
        assert word not in text_of(plan_of("THIN"))


@pytest.mark.parametrize("name", sorted(LETTERS))
def test_headings_have_one_h1_and_skip_no_level(name: str) -> None:
    levels = [int(each.tag[1]) for each in body(name).iter() if each.tag in ("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", sorted(LETTERS))
def test_every_table_is_layout_or_has_heads_and_is_called_by_the_heading_before_it(name: str) -> None:
    for view in (for_browsers, for_outlook):
        document = tree(view(html_of(plan_of(name))))
        around = {each: parent for parent in document.iter() for each in parent}
        for table in document.iter("table"):
            if table.get("role") != "presentation":
                scopes = {head.get("scope") for head in table.iter("th")}
                beside = list(around[table])
                heading = next(each for each in beside[beside.index(table) :: -1] if each.tag == "h3")
                assert words(heading) == table.get("aria-label")
                assert table.find("caption") is None
                assert "col" in scopes <= {"col", "row"}


def test_the_document_says_its_language_title_and_schemes() -> None:
    document = tree(html_of(plan_of("USUAL")))
    assert document.get("lang") == "en"
    assert document.find("head/title").text == letters.USUAL.subject
    metas = {meta.get("name"): meta.get("content") for meta in document.iter("meta")}
    assert metas["color-scheme"] == metas["supported-color-schemes"] == "light dark"
    article = next(each for each in document.iter("div") if each.get("role") == "article")
    assert (article.get("lang"), article.get("aria-label")) == ("en", letters.USUAL.subject)


def test_the_first_words_are_the_preheader_hidden() -> None:
    first = next(each for each in body("USUAL").iter("div") if each.get("class") == "preheader")
    assert words(first).startswith(letters.USUAL.preheader)
    assert "display:none" in first.get("style")
    assert "font-size:1px" not in first.get("style")
    assert words(body("USUAL")).startswith(letters.USUAL.preheader)


def test_no_picture_no_script_and_nothing_fetched() -> None:
    document = html_of(plan_of("HEAVY"))
    assert not re.search(r"<(?:img|script|link|iframe|object|video|svg|form)\b|@import|url\(", document)


def test_links_are_unique_in_their_words_and_lead_somewhere() -> None:
    links = [(link.get("aria-label") or words(link), link.get("href")) for link in body("HEAVY").iter("a")]
    assert all(label and href for label, href in links)
    assert len({label for label, _ in links}) == len(links)
    assert not {"here", "click here", "more", "link"} & {label.lower() for label, _ in links}


def test_affiliate_links_are_labelled_in_both_parts() -> None:
    assert "Quill vs Inkwell (ad)" in words(body("USUAL"))
    assert "compare/quill-inkwell (ad)" in text_of(plan_of("USUAL"))


def test_a_disputed_figure_points_to_the_sources() -> None:
    for part in (words(body("USUAL")), text_of(plan_of("USUAL"))):
        assert "$0.14†" in part
        assert "† Where sources differ" in part


def test_the_footer_is_short_and_complete() -> None:
    plan = plan_of("HEAVY")
    footer = next(each for each in body("HEAVY").iter("div") if "footer" in (each.get("class") or ""))
    assert len(words(footer).split()) <= 70
    needed = {SlotName.UNSUBSCRIBE_URL, SlotName.PREFERENCES_URL, SlotName.VIEW_URL, SlotName.ADDRESS}
    for blocks in (plan.html, plan.text):
        assert {
            each.name for block in blocks for each in block.segments if not isinstance(each, str)
        } == needed
    for word in (
        "subscribed at",
        "A number wrong? Reply.",
        "Forwarded to you?",
        "12 Harbour Street",
        "Archive",
    ):
        assert word in words(footer)
        assert word in " ".join(text_of(plan).split())


def test_a_twelve_item_week_stays_small() -> None:
    assert plan_of("HEAVY").html_size().encoded < 64 * 1024


@pytest.mark.parametrize("name", letters.REPRESENTATIVE)
def test_no_issue_is_so_long_that_gmail_would_cut_it(name: str) -> None:
    assert plan_of(name).html_size().encoded <= 80 * 1024


def test_a_bad_link_is_refused_by_name() -> None:
    lead = replace(letters.LEAD, link=replace(letters.LEAD.link, url="javascript:alert(1)"))
    with pytest.raises(BadInput, match=r"'javascript:alert\(1\)' is to be a link"):
        compiled(replace(letters.USUAL, lead=lead))


def test_the_same_letter_gives_the_same_plan() -> None:
    assert compiled(letters.HEAVY).to_bytes() == plan_of("HEAVY").to_bytes()


def test_both_parts_have_the_same_blocks() -> None:
    plan = plan_of("HEAVY")
    in_html, in_text = ([block.id for block in part if block.id] for part in (plan.html, plan.text))
    assert in_html == in_text


def test_the_subject_is_the_letters() -> None:
    assert plan_of("USUAL").subject == letters.USUAL.subject


@pytest.mark.parametrize("name", sorted(LETTERS))
def test_text_lines_are_at_most_72_columns_but_for_addresses(name: str) -> None:
    for line in text_of(plan_of(name)).splitlines():
        assert width(line) <= 72 or "http" in line or "mailto" in line, line
        assert line == line.rstrip()


def test_the_text_part_draws_the_scorecard() -> None:
    assert "Founder       72 ███████▎·· ship            55 █████▌···· skip" in text_of(plan_of("USUAL"))


def test_zero_and_full_shares_draw_no_empty_cell() -> None:
    cards = tuple(replace(letters.CARDS[1], tool_id=f"t{share}", share=share) for share in (0, 100))
    document = html_of(compiled(replace(letters.USUAL, cards=cards)))
    assert 'width="0%"' not in document


def test_unknown_scores_and_shares_print_words() -> None:
    rows = (
        ScoreRow(reviewer="Builder", left=None, right=Score(score=None, decision="skip")),
        ScoreRow(reviewer="Skeptic", left=Score(score=61, decision=""), right=None),
    )
    lead = replace(letters.LEAD, scorecard=Scorecard(rows=rows, left_mean=None, right_mean=None))
    plan = compiled(replace(letters.USUAL, lead=lead, cards=(replace(letters.CARDS[0], share=None),)))
    for part in (html_of(plan), text_of(plan)):
        assert part.count("no score") == 2
        assert "Mean" not in part


def test_own_costs_point_to_the_sources_where_prices_are_disputed() -> None:
    costs = letters.LEAD.costs
    assert costs is not None
    row = replace(costs.volumes[0], left=replace(costs.volumes[0].left, disputed=True))
    rates = Rates(left=Decimal(1), right=Decimal(2), seat_tokens=1000)
    own = replace(costs, volumes=(row, *costs.volumes[1:]), rates=rates)
    plan = compiled(replace(letters.USUAL, lead=replace(letters.LEAD, costs=own)))
    left, right = (SAMPLE_VALUES[name] for name in (SlotName.VOLUME_LEFT, SlotName.VOLUME_RIGHT))
    for part in (words(tree(html_of(plan))), text_of(plan)):
        assert f"{left}†" in part
        assert f"{right}†" not in part


def both_parts(name: str) -> tuple[str, str]:
    return words(body(name)), " ".join(text_of(plan_of(name)).split())


def test_a_key_explains_the_scores_before_the_first_of_them() -> None:
    for part in both_parts("USUAL"):
        shown = part[part.index("No. 12") :]
        assert shown.index("Four reviewers score 0–100") < shown.index("Builder") < shown.index("Widest gap")


def test_without_a_scorecard_the_key_stands_before_the_cards() -> None:
    for part in both_parts("NO_LEAD"):
        assert part.index("Four reviewers score 0–100") < part.index("Harbor Agents")


def test_a_month_has_the_key_too() -> None:
    plan = compiled(letters.MONTHLY)
    for part in (words(tree(html_of(plan)).find("body")), text_of(plan)):
        assert part.index("Four reviewers score 0–100") < part.index("mean 79")


def test_only_a_first_issue_says_that_nothing_can_be_compared() -> None:
    for part in both_parts("THIN"):
        assert "First issue: nothing to compare yet." in part
    for part in both_parts("USUAL"):
        assert "nothing to compare" not in part
        assert "what changed" not in part.casefold()


def test_on_a_first_issue_followed_tools_have_no_change_that_could_be_denied() -> None:
    tools = (Followed(tool_id="tern", name="Tern"),)
    for letter, said in (
        (letters.THIN, "First issue, nothing to compare yet: "),
        (letters.USUAL, "No change: "),
    ):
        plan = compiled(replace(letter, followed=tools))
        for part in (words(tree(html_of(plan))), text_of(plan)):
            assert f"{said}{SAMPLE_VALUES[SlotName.UNCHANGED]}." in part


def test_prices_and_results_carry_their_source_and_day() -> None:
    for part in both_parts("USUAL"):
        in_order(
            part,
            ["22 days a month.", "Checked 18 Nov 2026.", "9 of 12 tests", "Model lab, 10 Nov 2026."],
        )


def test_each_block_has_one_line_of_what_can_be_done_that_names_its_tools() -> None:
    ways = {link.get("aria-label"): link.get("href") for link in body("USUAL").iter("a")}
    own = SAMPLE_VALUES[SlotName.PREFERENCES_URL]
    text = text_of(plan_of("USUAL"))
    for names, comparison, tools in (
        ("Mistral 3 Small (22B) · Mistral Medium 3.2", "small-medium", "mistral-3-small,mistral-medium-3-2"),
        ("Quill · Inkwell", "quill-inkwell", "quill,inkwell"),
        ("Lumen Voice", "", "lumen-voice"),
    ):
        assert ways[f"Follow {names}"] == f"{own}/follow/{tools}"
        assert f"Follow: {own}/follow/{tools}\n" in text
        if comparison:
            assert ways[f"Vote on {names}"] == f"{own}/vote/{comparison}"
            assert f"Vote: {own}/vote/{comparison}\n" in text


def test_an_address_is_printed_once_in_the_text_part() -> None:
    linked = replace(letters.HEAVY.sources.origins[0], url=letters.LEAD.link.url)
    sources = replace(letters.HEAVY.sources, origins=(linked, *letters.HEAVY.sources.origins))
    text = text_of(compiled(replace(letters.HEAVY, sources=sources)))
    addresses = re.findall(r"https?://\S+", text)
    assert len(addresses) == len(set(addresses)) > 20


def test_of_many_sources_three_are_named_and_the_web_has_all() -> None:
    many = tuple(
        replace(letters.USUAL.sources.origins[0], name=f"Source {n}", url=f"https://s{n}.example")
        for n in range(5)
    )
    where = "https://news.example.org/archive/weekly-12#sources"
    plan = compiled(replace(letters.USUAL, sources=replace(letters.USUAL.sources, origins=many, url=where)))
    for part in (words(tree(html_of(plan)).find("body")), text_of(plan)):
        assert ("Source 2" in part, "Source 3" in part) == (True, False)
        assert "All sources, with their dates, in the archive" in part
    assert where in text_of(plan)
    assert where in html_of(plan)


def test_what_changed_stands_under_each_tools_name_with_its_direction_and_its_reason() -> None:
    lines = letters.HEAVY.changes
    again = replace(lines[0], told=Figure(text="Output price, too."), direction="down")
    plan = compiled(replace(letters.HEAVY, changes=(lines[0], again, lines[1])))
    html, text = words(tree(html_of(plan)).find("body")), " ".join(text_of(plan).split())
    changed = html[html.index("What changed") : html.index("More comparisons")]
    assert changed.count("Foundry") == 1
    in_order(changed, ["Foundry", "▲", "Input price", "▼", "Output price", "Kestrel", "Because: “It draws"])
    in_order(text, ["▲ Input price", "▼ Output price, too.", "▼ Fewer of our panel", "Because: “It draws"])


def test_rules_for_dark_grounds_stand_once_more_where_thunderbird_reads_them() -> None:
    document = html_of(plan_of("USUAL"))
    sheet = re.search(r'<style media="\(prefers-color-scheme:\s*dark\)">(.*?)</style>', document, re.DOTALL)
    at_media = re.search(r"@media \(prefers-color-scheme:\s*dark\)\s*\{(.*?\})\s*\}", document, re.DOTALL)
    assert sheet is not None
    assert at_media is not None
    assert sheet[1].split() == at_media[1].split()


def light(colour: str) -> float:
    """The relative luminance of WCAG 2."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


@pytest.mark.parametrize(
    "name", ["section", "panel", "full", "solid", "dateline", "footer", "mark", "outline"]
)
@pytest.mark.parametrize("ground", ["#fbfaf7", "#1a1a1b"])
def test_rules_and_bars_are_seen_on_a_light_and_on_a_dark_ground(name: str, ground: str) -> None:
    """Thunderbird keeps their colours on the ground of its own dark scheme."""
    styles = [
        each.get("style", "") for each in body("HEAVY").iter() if name in (each.get("class") or "").split()
    ]
    drawn = re.compile(r"background-color:" if name in ("full", "solid") else r"border(?:-top|-left)?:[^;#]*")
    colours = {
        found[1] for style in styles for found in re.finditer(drawn.pattern + r"\s*(#[0-9a-f]{6})", style)
    }
    assert colours
    for colour in colours:
        bright, dim = sorted((light(colour), light(ground)), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 3, colour


def test_a_colour_that_a_program_forces_on_links_leaves_the_button_readable() -> None:
    """KMail writes every link in this blue."""
    button = next(each for each in body("HEAVY").iter("a") if words(each) == "Read the full comparison")
    ground = re.search(r"background:\s*(#[0-9a-f]{6})", button.get("style"))
    assert ground is not None
    assert (light("#2980b9") + 0.05) / (light(ground[1]) + 0.05) >= 4.5


def test_the_reason_of_the_comparison_itself_stands_under_its_bottom_line() -> None:
    plan = compiled(replace(letters.USUAL, lead=replace(letters.LEAD, why="Nobody has said so before.")))
    for part in (words(tree(html_of(plan)).find("body")), " ".join(text_of(plan).split())):
        in_order(part, ["4–0, mean 79, against 3–1", "Nobody has said so before.", "Pick Mistral 3 Small"])
