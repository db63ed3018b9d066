"""Owns drafts: what a borrower has typed into the new-listing form and wants to find again."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlmodel import Session

from p2p_reflex.domain.errors import UnknownError
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import ListingDraft, Member
from p2p_reflex.services.listings.listing_form import ListingForm

LONGEST_FIGURE = 40
LONGEST_TEXT = {"title": 200, "story": 4_000}


@dataclass(frozen=True, slots=True)
class DraftRecord:
    """A draft as it was saved."""

    form: ListingForm
    saved_at: datetime


def save_draft(session: Session, *, borrower_id: int, form: ListingForm, now: datetime) -> None:
    """Keep what was typed as the borrower's one draft, right or wrong. Raises UnknownError."""
    member = session.get(Member, borrower_id)
    if member is None or member.role is not Role.BORROWER:
        raise UnknownError("member")
    draft = session.get(ListingDraft, borrower_id, with_for_update=True)
    if draft is None:
        draft = ListingDraft(borrower_id=borrower_id, saved_at=now)
    draft.form = {name: _storable(name, value) for name, value in asdict(form).items()}
    draft.saved_at = now
    session.add(draft)
    session.flush()


def load_draft(session: Session, *, borrower_id: int) -> DraftRecord | None:
    """Return the borrower's draft, if there is one."""
    draft = session.get(ListingDraft, borrower_id)
    if draft is None:
        return None
    known = {field.name for field in fields(ListingForm)}
    form = ListingForm(**{name: value for name, value in draft.form.items() if name in known})
    return DraftRecord(form=form, saved_at=draft.saved_at)


def discard_draft(session: Session, *, borrower_id: int) -> None:
    """Forget the borrower's draft; none is as good."""
    draft = session.get(ListingDraft, borrower_id)
    if draft is not None:
        session.delete(draft)
        session.flush()


def _storable(name: str, value: str | bool) -> str | bool:
    """Cut a text to what a draft may hold and drop what no database keeps: NUL and lone surrogates."""
    if isinstance(value, bool):
        return value
    whole = value.replace("\x00", "").encode("utf-8", "ignore").decode()
    return whole[: LONGEST_TEXT.get(name, LONGEST_FIGURE)]
