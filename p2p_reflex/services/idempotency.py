"""Owns the promise that a button pressed twice acts once."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from p2p_reflex.domain.errors import LendingError
from p2p_reflex.models import IdempotencyRecord, table_of

_records = table_of(IdempotencyRecord)

_CLAIM = {
    name: insert(_records).on_conflict_do_nothing().returning(_records.c.key)
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_MINE = sa.and_(_records.c.member_id == sa.bindparam("by_member"), _records.c.key == sa.bindparam("by_key"))
_EARLIER = sa.select(_records).where(_MINE)
_ANSWER = sa.update(_records).where(_MINE)


class FormReusedError(LendingError):
    """The same form was sent again with other contents."""

    def __init__(self) -> None:
        super().__init__("This form was already sent. Open it again to do something else.")


def once(
    session: Session,
    *,
    member_id: int,
    key: str,
    action: str,
    body: Mapping[str, Any],
    now: datetime,
    act: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """Act once for a form's key and return the answer; the same form again gets the same answer.

    `key` is made when the form opens. The row is claimed before acting: a second transaction with the
    same key waits for the first, in the database. The answer is plain JSON.
    Raises FormReusedError when the key was used for another action or another body.
    """
    if not isinstance(key, str) or not 8 <= len(key) <= 64:
        raise LendingError("This form is out of date. Reload the page and try again.")
    body_hash = hashlib.sha256(json.dumps([action, body], sort_keys=True, default=str).encode()).hexdigest()
    claim = {"member_id": member_id, "key": key, "action": action, "body_hash": body_hash, "created_at": now}
    connection = session.connection()
    claimed = connection.execute(_CLAIM[connection.dialect.name], claim).first() is not None
    mine = {"by_member": member_id, "by_key": key}
    if not claimed:
        earlier = connection.execute(_EARLIER, mine).one()
        if earlier.body_hash != body_hash:
            raise FormReusedError
        return dict(earlier.answer)
    answer = act()
    session.flush()
    connection.execute(_ANSWER, {**mine, "answer": answer})
    return answer
