"""Owns the capital of bots: what the platform's owner pays into their wallets, and takes out again."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlmodel import Session

from p2p_reflex.domain.vocabulary import AccountKind, TransactionKind
from p2p_reflex.services.money import ledger
from p2p_reflex.services.money.ledger import Leg, Movement


def move_capital(
    session: Session, *, parts: Mapping[int, int], memo: str, business_on: date, now: datetime
) -> None:
    """Pay capital into members' wallets (above zero) or out of them. Raises InsufficientFundsError."""
    accounts = ledger.member_accounts(session, member_ids=list(parts))
    bank_id = ledger.house_accounts(session)[AccountKind.BANK]
    movements = [
        Movement(
            kind=TransactionKind.CAPITAL,
            memo=memo,
            legs=(Leg(bank_id, -cents), Leg(accounts[member_id].wallet_id, cents)),
        )
        for member_id, cents in parts.items()
        if cents
    ]
    ledger.post(session, movements, business_on=business_on, recorded_at=now)
