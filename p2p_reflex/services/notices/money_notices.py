"""Owns who is told of money that came in and went out: one notice each, however many payments there were."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlmodel import Session, col, select

from p2p_reflex.domain.allocation import LenderPart
from p2p_reflex.domain.notice_kinds import NoticeEvent
from p2p_reflex.domain.vocabulary import MoneyRequestKind, Role
from p2p_reflex.models import Member, MoneyRequest
from p2p_reflex.services.notices import notices
from p2p_reflex.services.notices.notices import Fact
from p2p_reflex.services.paying.payment_plans import PaymentPlan


@dataclass(slots=True)
class _Sum:
    """What one member paid or received, over how many loans."""

    cents: int = 0
    fee_cents: int = 0
    is_payoff: bool = False
    titles: dict[int, str] = field(default_factory=dict)

    def facts(self) -> dict[str, str | int]:
        """Write it down; a single loan by its title."""
        loan_id, title = next(iter(self.titles.items()))
        return {
            "cents": self.cents,
            "fee_cents": self.fee_cents,
            "is_payoff": int(self.is_payoff),
            "loan_count": len(self.titles),
            "loan_id": loan_id,
            "title": title,
        }


def tell_moved(
    session: Session, *, member_id: int, amount_cents: int, business_on: date, now: datetime
) -> None:
    """Tell a member that money came into their wallet, or below zero that it went out."""
    event = NoticeEvent.MONEY_ADDED if amount_cents > 0 else NoticeEvent.MONEY_WITHDRAWN
    fact = Fact(member_id, event, {"cents": abs(amount_cents)})
    notices.tell(session, [fact], business_on=business_on, now=now)


def tell_waits(session: Session, request: MoneyRequest, *, by: str, business_on: date, now: datetime) -> None:
    """Tell every admin that money waits to be confirmed."""
    facts = _facts_of(request) | {"by": by}
    _tell_admins(session, NoticeEvent.MONEY_WAITS, facts, business_on=business_on, now=now)


def tell_second(
    session: Session, request: MoneyRequest, *, admin_id: int, business_on: date, now: datetime
) -> None:
    """Tell the other admins that one of them has confirmed a large withdrawal."""
    by = session.get_one(Member, request.member_id).full_name
    admin = session.get_one(Member, admin_id).full_name
    facts = _facts_of(request) | {"by": by, "admin": admin}
    event = NoticeEvent.MONEY_WAITS_FOR_SECOND
    _tell_admins(session, event, facts, besides=admin_id, business_on=business_on, now=now)


def tell_decided(
    session: Session, request: MoneyRequest, *, reason: str, business_on: date, now: datetime
) -> None:
    """Tell a member that what waited was confirmed, or refused for a reason."""
    event = NoticeEvent.WITHDRAWAL_CONFIRMED
    if reason:
        event = NoticeEvent.MONEY_REFUSED
    elif request.kind is MoneyRequestKind.DEPOSIT:
        event = NoticeEvent.DEPOSIT_CONFIRMED
    fact = Fact(request.member_id, event, _facts_of(request) | {"reason": reason})
    notices.tell(session, [fact], business_on=business_on, now=now)


def _facts_of(request: MoneyRequest) -> dict[str, str | int]:
    return {"cents": request.amount_cents, "kind": request.kind.value}


def _tell_admins(
    session: Session,
    event: NoticeEvent,
    facts: dict[str, str | int],
    *,
    besides: int | None = None,
    business_on: date,
    now: datetime,
) -> None:
    admin_ids = session.exec(select(Member.id).where(col(Member.role) == Role.ADMIN)).all()
    told = [Fact(admin_id, event, facts) for admin_id in admin_ids if admin_id != besides]
    notices.tell(session, told, business_on=business_on, now=now)


def tell_paid(
    session: Session,
    *,
    plans: Sequence[PaymentPlan],
    splits: Sequence[Sequence[LenderPart]],
    is_autopay: bool,
    business_on: date,
    now: datetime,
) -> None:
    """Tell borrowers what they paid, and lenders what reached them."""
    if notices.is_hushed(session):
        return
    paid: dict[int, _Sum] = defaultdict(_Sum)
    received: dict[tuple[int, NoticeEvent], _Sum] = defaultdict(_Sum)
    for plan, split in zip(plans, splits, strict=True):
        loan = plan.loan
        mine = paid[loan.borrower_id]
        mine.cents += plan.amount_cents
        mine.is_payoff = plan.is_payoff
        mine.titles[loan.id] = loan.title
        event = NoticeEvent.RECOVERY_RECEIVED if plan.is_recovery else NoticeEvent.PAYMENT_RECEIVED
        for note, part in zip(loan.notes, split, strict=True):
            if part.net_cents and note.lender_id is not None:
                theirs = received[note.lender_id, event]
                theirs.cents += part.net_cents
                theirs.fee_cents += part.servicing_fee_cents + part.collection_fee_cents
                theirs.titles[loan.id] = loan.title
    by_autopay = {"is_autopay": int(is_autopay)}
    facts = [
        Fact(borrower_id, NoticeEvent.PAYMENT_MADE, each.facts() | by_autopay)
        for borrower_id, each in paid.items()
    ]
    facts += [Fact(lender_id, event, each.facts()) for (lender_id, event), each in received.items()]
    notices.tell(session, facts, business_on=business_on, now=now)
