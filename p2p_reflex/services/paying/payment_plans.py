"""Owns how the rules of repayment are applied to stored loans: the plan of a payment before it is written."""

from typing import TypeAlias

from p2p_reflex.domain.loan_standing import period_start_on
from p2p_reflex.domain.repayment import Repayment, plan_payment, quote_payoff
from p2p_reflex.services.loans.loan_positions import LoanPosition

__all__ = ["PaymentPlan", "period_start_on", "plan_payment", "quote_payoff"]

PaymentPlan: TypeAlias = Repayment[LoanPosition]
