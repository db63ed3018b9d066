"""The figures of a day that closes: what moved on it at the house, and what a reversal does to them."""

from sqlalchemy.engine import Engine
from sqlmodel import Session

from p2p_reflex.database import read, reading, run
from p2p_reflex.domain.vocabulary import AccountKind, TransactionKind
from p2p_reflex.models import DailyFigures
from p2p_reflex.services.days import daily_figures
from p2p_reflex.services.money import ledger
from p2p_reflex.services.money.ledger import Leg, Movement
from p2p_reflex.services.servicing import reserve_fund_figures
from tests.builders import NOW, TODAY, a_lender, give_cash


def feed_the_fund(session: Session, *, member_id: int, cents: int) -> int:
    """Move money from a wallet to the reserve fund, as a fee does, and return the transaction."""
    wallet_id = ledger.member_accounts(session, member_ids=[member_id])[member_id].wallet_id
    fund_id = ledger.house_accounts(session)[AccountKind.RESERVE_FUND]
    fee = Movement(TransactionKind.ORIGINATION, "Fee", (Leg(wallet_id, -cents), Leg(fund_id, cents)))
    (transaction_id,) = ledger.post(session, [fee], business_on=TODAY, recorded_at=NOW)
    return transaction_id


def undo(session: Session, *, transaction_id: int) -> int:
    """Reverse a transaction on the same day."""
    return ledger.reverse(
        session,
        transaction_id=transaction_id,
        memo="By mistake",
        actor_id=None,
        business_on=TODAY,
        recorded_at=NOW,
    )


def test_what_came_into_the_fund_and_was_reversed_did_not_come(database: Engine) -> None:
    lender_id = run(a_lender, cash_cents=500_00)
    run(feed_the_fund, member_id=lender_id, cents=30_00)
    mistake_id = run(feed_the_fund, member_id=lender_id, cents=70_00)
    run(undo, transaction_id=mistake_id)

    run(reserve_fund_figures.record_day, business_on=TODAY, now=NOW)

    (day,) = read(reserve_fund_figures.history, since=TODAY, until=TODAY)
    assert (day.contributed_cents, day.bought_cents, day.returned_cents) == (30_00, 0, 0)
    assert day.figures.balance_cents == 30_00


def test_a_deposit_that_is_reversed_still_came_in(database: Engine) -> None:
    lender_id = run(a_lender, cash_cents=500_00)
    mistake_id = run(give_cash, member_id=lender_id, cash_cents=200_00)
    run(undo, transaction_id=mistake_id)

    run(daily_figures.record, business_on=TODAY)

    with reading() as session:
        figures = session.get_one(DailyFigures, TODAY)
        assert (figures.deposited_cents, figures.withdrawn_cents) == (700_00, 0)
        assert (figures.wallets_cents, figures.reserve_fund_cents) == (500_00, 0)
