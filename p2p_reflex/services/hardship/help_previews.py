"""Owns what an admin sees before a help is given: the loan before and after, what it costs each lender."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from p2p_reflex.domain.loan_life import LoanEvent
from p2p_reflex.domain.loan_standing import LoanStanding
from p2p_reflex.domain.repayment import expected_cents
from p2p_reflex.services.corrections.correction_plans import money_changes
from p2p_reflex.services.corrections.correction_posting import shortfalls
from p2p_reflex.services.desk.approval_requests import needs_second_admin
from p2p_reflex.services.desk.fingerprints import fingerprint_of
from p2p_reflex.services.desk.loan_figures import LoanFigures, figures_of, holder_names, money_figures
from p2p_reflex.services.hardship.help_plans import HelpPlan


@dataclass(frozen=True, slots=True)
class HolderOutlook:
    """What a lender still receives if all is paid as planned, after fees, before and after a help.

    `moved_cents` is what moves into their wallet with it (below zero: out of it). Without a member it is the
    reserve fund.
    """

    member_id: int | None
    name: str
    before_cents: int
    after_cents: int
    moved_cents: int

    @property
    def change_cents(self) -> int:
        """Give what the help brings them in all, below zero what it costs them."""
        return self.after_cents - self.before_cents + self.moved_cents


@dataclass(frozen=True, slots=True)
class HelpPreview:
    """All that a help would change; nothing is changed yet."""

    loan_id: int
    loan_title: str
    event: LoanEvent
    before: LoanFigures
    after: LoanFigures
    holders: tuple[HolderOutlook, ...]
    late_fee_cents: int
    written_off_cents: int
    advanced_cents: int
    needs_second_admin: bool

    @property
    def fingerprint(self) -> str:
        """Name the figures; what the platform advances is worked out when it is done."""
        each = [(holder.member_id, holder.change_cents, holder.moved_cents) for holder in self.holders]
        return fingerprint_of([money_figures(self.after), sorted(each, key=str)])


def preview_of(session: Session, plan: HelpPlan, *, business_on: date) -> HelpPreview:
    """Describe a plan; `late_fee_cents` is by how much late fees fall, below zero by how much they rise."""
    moved = money_changes(plan.replayed)[0] if plan.replayed else {}
    missing = shortfalls(session, plan.replayed) if plan.replayed else {}
    return HelpPreview(
        loan_id=plan.loan.id,
        loan_title=plan.loan.title,
        event=plan.event,
        before=figures_of(plan.loan, on=business_on),
        after=figures_of(plan.after, on=business_on),
        holders=_outlooks(session, plan, moved),
        late_fee_cents=_late_fees(plan.loan) - _late_fees(plan.after),
        written_off_cents=plan.written_off_cents,
        advanced_cents=sum(missing.values()),
        needs_second_admin=needs_second_admin(plan.written_off_cents),
    )


def _outlooks(session: Session, plan: HelpPlan, moved: dict[int | None, int]) -> tuple[HolderOutlook, ...]:
    """Compare what each holder is to receive, those who lose most first."""
    before, after = _expected(plan.loan), _expected(plan.after)
    names = holder_names(session, before)
    outlooks = [
        HolderOutlook(holder, names[holder], before[holder], after[holder], moved.get(holder, 0))
        for holder in before
    ]
    return tuple(sorted(outlooks, key=lambda each: (each.change_cents, each.name)))


def _expected(loan: LoanStanding) -> dict[int | None, int]:
    expected: dict[int | None, int] = defaultdict(int)
    of_note = expected_cents(loan)
    for note in loan.notes:
        expected[note.lender_id] += of_note[note.id]
    return expected


def _late_fees(loan: LoanStanding) -> int:
    return sum(row.late_fee_cents for row in loan.rows)
