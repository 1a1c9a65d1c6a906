"""Rows of `content.db` to the values of `model`, and the texts in which it keeps moments and days."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from sqlite3 import Row

from newsletter.content.model import (
    Benchmark,
    Claim,
    Comparison,
    Decision,
    Note,
    NoteKind,
    Offer,
    Question,
    Revision,
    Source,
    Tool,
    Verdict,
    Votes,
)


def moment_text(moment: datetime) -> str:
    """An aware moment as UTC text of one width, so that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def decimal_text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number.normalize():f}"


def decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def seen_on(row: Row) -> date:
    return moment(row["seen_at"]).date()


def to_tool(row: Row) -> Tool:
    return Tool(
        id=row["id"],
        name=row["name"],
        maker=row["maker"],
        family=row["family"],
        category=row["category"],
        tagline=row["tagline"],
        description=row["description"],
        type=row["type"],
        status=row["status"],
        entry=row["entry"],
        url=row["url"],
        tags=tuple(json.loads(row["tags"])),
        source_id=row["source_id"],
        first_seen_at=moment(row["first_seen_at"]),
        last_seen_at=moment(row["last_seen_at"]),
    )


def to_source(row: Row) -> Source:
    return Source(
        id=row["id"],
        name=row["name"],
        url=row["url"],
        ours=bool(row["ours"]),
        published_on=day(row["published_on"]),
        seen_on=date.fromisoformat(row["seen_on"]),
        text=row["text"],
    )


def to_comparison(row: Row, left_id: str, right_id: str) -> Comparison:
    return Comparison(
        id=row["id"],
        left_id=left_id,
        right_id=right_id,
        url=row["url"],
        headline=row["headline"],
        summary=row["summary"],
        cost_read=row["cost_read"],
        performance_read=row["performance_read"],
        pick_left_if=row["pick_left_if"],
        pick_right_if=row["pick_right_if"],
        published_on=day(row["published_on"]),
        source_id=row["source_id"],
        first_seen_at=moment(row["first_seen_at"]),
        last_seen_at=moment(row["last_seen_at"]),
    )


def to_verdict(row: Row, tool_id: str) -> Verdict:
    return Verdict(
        id=row["id"],
        tool_id=tool_id,
        ships=row["ships"],
        skips=row["skips"],
        share=decimal(row["share"]),
        derived=bool(row["derived"]),
        as_of=day(row["as_of"]),
        seen_at=moment(row["seen_at"]),
        source_id=row["source_id"],
        line=row["line"],
    )


def to_votes(row: Row, tool_id: str) -> Votes:
    return Votes(
        tool_id=tool_id,
        ship=row["ship"],
        skip=row["skip"],
        seen_at=moment(row["seen_at"]),
        source_id=row["source_id"],
    )


def to_claim(row: Row, tool_id: str) -> Claim:
    return Claim(
        id=row["id"],
        tool_id=tool_id,
        attribute=row["attribute"],
        value=row["value"],
        number=decimal(row["number"]),
        unit=row["unit"],
        words=row["words"],
        as_of=day(row["as_of"]),
        verified_on=day(row["verified_on"]),
        seen_on=seen_on(row),
        source_id=row["source_id"],
        line=row["line"],
    )


def to_offer(row: Row, tool_id: str) -> Offer:
    return Offer(
        tool_id=tool_id,
        provider=row["provider"],
        context_tokens=row["context_tokens"],
        input_price=decimal(row["input_price"]),
        output_price=decimal(row["output_price"]),
        p50_latency_ms=row["p50_latency_ms"],
        throughput_tps=decimal(row["throughput_tps"]),
        uptime_percent=decimal(row["uptime_percent"]),
        as_of=day(row["as_of"]),
        seen_on=seen_on(row),
        source_id=row["source_id"],
        line=row["line"],
    )


def to_benchmark(row: Row, tool_id: str) -> Benchmark:
    return Benchmark(
        tool_id=tool_id,
        test=row["test"],
        score=decimal(row["score"]),
        out_of=decimal(row["out_of"]),
        as_of=day(row["as_of"]),
        seen_on=seen_on(row),
        source_id=row["source_id"],
        line=row["line"],
    )


def to_revision(row: Row, key: str) -> Revision:
    return Revision(
        id=row["id"],
        kind=row["kind"],
        key=key,
        field=row["field"],
        before=row["before"],
        after=row["after"],
        seen_at=moment(row["seen_at"]),
    )


def to_note(row: Row, tool_id: str) -> Note:
    return Note(
        id=row["id"],
        tool_id=tool_id,
        kind=NoteKind(row["kind"]),
        other=row["other"],
        words=row["words"],
        source_id=row["source_id"],
        line=row["line"],
    )


def to_question(row: Row, tool_id: str | None) -> Question:
    return Question(
        id=row["id"],
        comparison_id=row["comparison_id"],
        tool_id=tool_id,
        question=row["question"],
        answer=row["answer"],
        source_id=row["source_id"],
        line=row["line"],
        first_seen_at=moment(row["seen_at"]),
    )


def to_decision(text: str | None) -> Decision | None:
    return None if text is None else Decision(text)
