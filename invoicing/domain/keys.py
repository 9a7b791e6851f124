"""A call is one call: switch, call id and leg are claimed once, in key order, whoever comes first (reliability 19)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from billing_portal.accounts.models import Switch
from billing_portal.tenancy.models import new_id
from invoicing.domain import answers
from invoicing.domain.answers import Answer

Name = tuple[str, str]

CLAIM = """
    INSERT INTO invoicing_callkey (id, created_at, switch_id, batch_id, call_id, leg, record_hash, answer)
    SELECT asked.id, %s, %s, %s, asked.call_id, asked.leg, asked.record_hash, asked.answer
      FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::jsonb[]) AS asked(id, call_id, leg, record_hash, answer)
        ON CONFLICT (switch_id, call_id, leg) DO NOTHING
 RETURNING id
"""
TAKEN = """
    SELECT key.id, key.call_id, key.leg, key.record_hash, key.answer
      FROM invoicing_callkey AS key
      JOIN unnest(%s::text[], %s::text[]) AS asked(call_id, leg) USING (call_id, leg)
     WHERE key.switch_id = %s
"""
ANSWER = """
    UPDATE invoicing_callkey AS key SET answer = given.answer
      FROM unnest(%s::uuid[], %s::jsonb[]) AS given(id, answer)
     WHERE key.id = given.id
"""


@dataclass(frozen=True, slots=True)
class Key:
    """A call's key as it stands: `fresh` when this transaction has claimed it."""

    id: UUID
    record_hash: str
    answer: Answer
    fresh: bool


def claim(switch: Switch, batch_id: UUID, asked: Mapping[Name, tuple[str, Answer]], *, at: datetime) -> dict[Name, Key]:
    """Claim these keys, each with its record's hash and the answer to it; whoever holds a key already keeps it.

    Keys are inserted in order, so that batches that overlap wait for each other instead of deadlocking.
    """
    mine = {name: Key(new_id(), record_hash, answer, True) for name, (record_hash, answer) in sorted(asked.items())}
    call_ids, legs = [name[0] for name in mine], [name[1] for name in mine]
    hashes, stored = [key.record_hash for key in mine.values()], [json.dumps(key.answer.kept()) for key in mine.values()]
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [at, switch.pk, batch_id, [key.id for key in mine.values()], call_ids, legs, hashes, stored])
        won = {row[0] for row in cursor.fetchall()}
        lost = [name for name, key in mine.items() if key.id not in won]
        return mine if not lost else mine | _standing(cursor, switch, lost)


def _standing(cursor: Any, switch: Switch, names: Sequence[Name]) -> dict[Name, Key]:
    cursor.execute(TAKEN, [[name[0] for name in names], [name[1] for name in names], switch.pk])
    return {
        (call_id, leg): Key(key_id, record_hash, answers.kept(call_id, leg, json.loads(answer)), False)
        for key_id, call_id, leg, record_hash, answer in cursor.fetchall()
    }


def answer_anew(given: Mapping[UUID, Answer]) -> None:
    """Remember the answer that holds from now on, after a record was rated again."""
    with connection.cursor() as cursor:
        cursor.execute(ANSWER, [list(given), [json.dumps(answer.kept()) for answer in given.values()]])
