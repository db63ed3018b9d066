"""Owns how what waits for a second admin is written, and what the platform advanced."""

from dataclasses import dataclass
from datetime import date

from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import ApprovalKind
from p2p_reflex.services.corrections.receivables import OpenReceivable
from p2p_reflex.services.desk.approval_requests import PendingRequest
from p2p_reflex.services.hardship import help_plans
from p2p_reflex.state.change_lines import help_as_asked


@dataclass(frozen=True)
class RequestRow:
    """Something that waits for a second admin."""

    request_id: int
    what: str
    by: str
    reason: str
    may_approve: bool


@dataclass(frozen=True)
class AdvanceRow:
    """What the platform advanced for somebody on this loan and was not paid back yet."""

    receivable_id: int
    name: str
    left: str
    since: str


def write_request(waiting: PendingRequest) -> RequestRow:
    """Write what waits."""
    asked_on, until = formats.long_date(waiting.requested_on), formats.long_date(waiting.decide_until_on)
    return RequestRow(
        request_id=waiting.request_id,
        what=_what(waiting),
        by=f"Asked by {waiting.requested_by} on {asked_on}, open until {until}.",
        reason=waiting.reason,
        may_approve=waiting.may_approve,
    )


def write_advance(debt: OpenReceivable) -> AdvanceRow:
    """Write what is still open of an advance."""
    name = formats.person(debt.member_name) if debt.member_name else "Reserve fund"
    of = formats.money(debt.amount_cents)
    return AdvanceRow(
        receivable_id=debt.receivable_id,
        name=name,
        left=formats.money(debt.left_cents),
        since=f"of {of} advanced on {formats.long_date(debt.opened_on)}",
    )


def _what(waiting: PendingRequest) -> str:
    amount = formats.money(waiting.amount_cents)
    match waiting.kind:
        case ApprovalKind.REVERSAL:
            return f"Reverse the payment of {amount}"
        case ApprovalKind.BACKDATING:
            to = date.fromisoformat(waiting.asked["paid_on"])
            return f"Date the payment of {amount} back to {formats.long_date(to)}"
        case ApprovalKind.HELP:
            event = help_plans.event_of(dict(waiting.asked), business_on=waiting.requested_on)
            return help_as_asked(event)
        case ApprovalKind.WRITE_OFF:
            return f"Write off an advance of {amount}"
