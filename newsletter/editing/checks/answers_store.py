"""The queries of what editors answered to findings. Nothing here commits."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from newsletter.db.schema import finding_answers
from newsletter.db.statuses import FindingAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody said to a finding; it holds while the finding has this fingerprint."""

    key: str
    fingerprint: str
    answer: FindingAnswer
    reason: str
    by: str
    at: datetime


def answers_of(connection: Connection, issue_id: int) -> dict[str, Answer]:
    """By the findings' keys."""
    columns = [each for each in finding_answers.c if each is not finding_answers.c.issue_id]
    rows = connection.execute(select(*columns).where(finding_answers.c.issue_id == issue_id))
    return {row.key: Answer(**row._mapping) for row in rows}


def put_answer(connection: Connection, issue_id: int, answer: Answer) -> None:
    """What is said now, in place of what was said before."""
    drop_answer(connection, issue_id, answer.key)
    connection.execute(insert(finding_answers).values(issue_id=issue_id, **asdict(answer)))


def drop_answer(connection: Connection, issue_id: int, key: str) -> bool:
    """Whether there was one."""
    same = (finding_answers.c.issue_id == issue_id) & (finding_answers.c.key == key)
    return connection.execute(delete(finding_answers).where(same)).rowcount > 0
