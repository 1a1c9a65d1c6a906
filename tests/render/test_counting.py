"""Counted links stand in for the outward ones of a plan, whole and in both parts, and for nothing else."""

from newsletter.digest.clicks import IssueLink
from newsletter.render.plan import Block, Plan, PlanSlot, SlotName, counted_plan, salted_plan
from tests.render import letters

BASE = "https://news.example.org"


def counted(html: str, text: str, left_alone: str = "") -> tuple[str, str, tuple[IssueLink, ...]]:
    plan = Plan(headers=(), text=(Block("a", (text,)),), html=(Block("a", (html,)),))
    changed, links = counted_plan(plan, 7, BASE, left_alone)
    return str(changed.html[0].segments[0]), str(changed.text[0].segments[0]), links


def test_an_address_gives_way_to_ours_in_both_parts() -> None:
    html, text, links = counted(
        '<a href="https://a.example/?x=1&amp;y=2">A</a>', "A (https://a.example/?x=1&y=2)."
    )
    assert html == f'<a href="{BASE}/to/7.00000000/1">A</a>'
    assert text == f"A ({BASE}/to/7.00000000/1)."
    assert links == (IssueLink(number=1, url="https://a.example/?x=1&y=2", place="a"),)


def test_an_address_that_begins_like_another_stays_apart() -> None:
    html = '<a href="https://a.example/b">1</a> <a href="https://a.example/b/c">2</a>'
    text = "https://a.example/b/c\nhttps://a.example/b (ad)\nhttps://a.example/b.d\nhttps://else.example/https://a.example/b"
    _, changed, _ = counted(html, text)
    assert changed.splitlines() == [
        f"{BASE}/to/7.00000000/2",
        f"{BASE}/to/7.00000000/1 (ad)",
        "https://a.example/b.d",
        "https://else.example/https://a.example/b",
    ]


def test_our_own_pages_mailboxes_pictures_and_the_privacy_page_stay() -> None:
    html = (
        f'<a href="{BASE}/archive">a</a><a href="{BASE}">b</a><a href="mailto:a@b.example">c</a>'
        '<img src="https://a.example/p.png"><a href="https://a.example/privacy">d</a>'
    )
    text = f"{BASE}/archive https://a.example/privacy"
    assert counted(html, text, left_alone="https://a.example/privacy") == (html, text, ())


def test_a_neighbour_that_only_begins_like_us_is_outward() -> None:
    _, _, links = counted(f'<a href="{BASE}.evil.example/">x</a>', "")
    assert [each.url for each in links] == [f"{BASE}.evil.example/"]


def test_a_readers_own_links_stay() -> None:
    personal = ('<a href="', PlanSlot(SlotName.PREFERENCES_URL), '/follow/kite">Follow</a>')
    plan = Plan(headers=(), text=(), html=(Block("a", personal),))
    assert counted_plan(plan, 7, BASE, "") == (plan, ())


def test_a_whole_issue_keeps_its_words_and_slots() -> None:
    plan = letters.plan_of("HOSTILE")
    changed, links = counted_plan(plan, 7, letters.FRAME.public_url, letters.HOSTILE.footer.privacy_url)
    assert links
    assert changed.block_ids == plan.block_ids
    back = changed.to_bytes().decode()
    assert back.count('"slot"') == plan.to_bytes().decode().count('"slot"')
    assert len({each.number for each in links}) == len(links)


def test_the_salt_that_approval_draws_comes_into_every_link_of_the_issue_and_nowhere_else() -> None:
    ours = f"{BASE}/to/7.00000000/1"
    words = f"{ours} {BASE}/to/7/1 {BASE}/to/8.00000000/1"
    plan = Plan(headers=(), text=(Block("a", (words,)),), html=(Block("a", (f'<a href="{ours}">',)),))
    salted = salted_plan(plan, 7, 0xC0FFEE)
    assert salted.text[0].segments == (words.replace("/7.00000000/", "/7.00c0ffee/"),)
    assert salted.html[0].segments == (f'<a href="{BASE}/to/7.00c0ffee/1">',)
