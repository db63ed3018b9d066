"""Owns an admin's browser tab on a loan: what it is sent, and what it shows."""

from sqlmodel import select

from p2p_reflex import database as house
from p2p_reflex.domain.vocabulary import Role
from p2p_reflex.models import Loan, Payment
from p2p_reflex.state.loan_admin import LoanAdminState
from p2p_reflex.state.loan_help import LoanHelpState
from tests.state.sessions import a_session_of
from tests.state.wire import Answer, Tab


def admins_tab(loan_id: int, name: str = "Sam Whitfield") -> Tab:
    return Tab(cookie=a_session_of(Role.ADMIN, name), path=f"/loans/{loan_id}")


def shown(answer: Answer, var: str) -> object:
    return answer.shown(LoanAdminState, var)


def helped(answer: Answer, var: str) -> object:
    return answer.shown(LoanHelpState, var)


def look(tab: Tab, kind: str, form: dict[str, str]) -> Answer:
    tab.send(LoanHelpState.ask_help, kind=kind)
    return tab.send(LoanHelpState.look, form=form)


def give_help(tab: Tab, kind: str, form: dict[str, str], reason: str = "Lost the job") -> Answer:
    look(tab, kind, form)
    tab.send(LoanHelpState.type_reason, text=reason)
    return tab.send(LoanHelpState.help_borrower)


def first_payment_id() -> int:
    with house.transaction() as session:
        return session.exec(select(Payment.id).order_by(Payment.id)).first() or 0


def loan_of(loan_id: int) -> Loan:
    with house.transaction() as session:
        loan = session.get_one(Loan, loan_id)
        session.expunge(loan)
        return loan
