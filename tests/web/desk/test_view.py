"""What a made-up reader may choose is what changes their copy, in a weekly issue and in a monthly one."""

from dataclasses import replace

from newsletter.digest.content import Figure, Link, MonthLine
from newsletter.editing.test_send import SampleReader, sample_preferences
from newsletter.web.desk.preview import topics_of
from tests.render import letters


def line(key: str, topic: str) -> MonthLine:
    link = Link(label=key, url=f"https://tools.example.org/{key}")
    return MonthLine(key=f"tool-{key}", topic=topic, link=link, split=Figure(text="3 ship, 1 skip"))


def test_a_monthly_issue_offers_the_topics_of_its_lines() -> None:
    lines = (line("heron", "Coding"), line("kite", "Writing"), line("finch", "Coding"))
    month = replace(letters.HEAVY, more=(), cards=(), lines=lines)
    assert topics_of(month) == ["Coding", "Writing"]
    assert sample_preferences(month, SampleReader.TOPICS).topics == ("Coding",)
