"""Owns how a listing's facts are written: its head, its strip, its grade, and the offers as they stand."""

from dataclasses import dataclass, field
from datetime import date

from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import ListingState
from p2p_reflex.services.listings.listing_view import AssessmentView, ListingView
from p2p_reflex.state.consequences import FactorShown

UNKNOWN = "Not known yet"


@dataclass
class FactsShown:
    """What a listing is, as text; `covered` and `offered` are whole percents of the amount."""

    title: str = ""
    purpose: str = ""
    head: str = ""
    head_soon: str = ""
    badge_kind: str = "neutral"
    badge: str = ""
    rate_label: str = "Rate now"
    rate: str = ""
    rate_note: str = ""
    apr: str = ""
    apr_note: str = ""
    installment: str = ""
    installment_note: str = ""
    highest: str = ""
    highest_note: str = ""
    covered: int = 0
    offered: int = 0
    covered_amount: str = ""
    covered_of: str = ""
    offered_amount: str = ""
    offered_by: str = ""
    story: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    grade: str = ""
    points: str = ""
    factors: list[FactorShown] = field(default_factory=list)


@dataclass
class OfferShown:
    """What accepting would mean, as text; `seen` is what the button hands back, so that it binds to that."""

    can_accept: bool = False
    has_figures: bool = False
    badge_kind: str = "neutral"
    badge: str = ""
    words: str = ""
    loan: str = ""
    fee_label: str = ""
    fee: str = ""
    net: str = ""
    average: str = ""
    apr: str = ""
    installments_label: str = ""
    installment: str = ""
    cost: str = ""
    first_due: str = ""
    question: str = ""
    confirm: str = ""
    seen: str = ""


def write_facts(shown: ListingView, *, today: date) -> FactsShown:
    """Turn a listing into what its page says."""
    offer, grade = shown.offer, shown.grade.value
    head, head_soon = _head(shown, today)
    kind, badge = _badge(shown)
    asked = formats.whole_money(shown.amount_cents)
    lenders, offered = formats.count(len(shown.rows), "lender"), formats.whole_money(shown.offered_cents)
    has_rate, has_ended = shown.average_rate is not None, bool(ending_words(shown)[0])
    return FactsShown(
        title=shown.title,
        purpose=formats.purpose(shown.purpose),
        head=head,
        head_soon=head_soon,
        badge_kind=kind,
        badge=badge,
        rate=formats.rate(shown.average_rate) if shown.average_rate is not None else UNKNOWN,
        rate_label="Rate at the end" if has_ended else "Rate now",
        rate_note=_rate_note(has_rate=has_rate, has_ended=has_ended),
        apr=formats.rate(offer.apr) if offer.apr is not None else UNKNOWN,
        apr_note=f"with the {formats.share(offer.fee_rate)} fee",
        installment=formats.money(offer.installment_cents) if offer.installment_cents else UNKNOWN,
        installment_note=_installment_note(shown),
        highest=formats.rate(shown.highest_rate),
        highest_note=f"floor for {grade} is {formats.rate(shown.floor_rate)}",
        covered=100 * shown.covered_cents // shown.amount_cents,
        offered=100 * shown.offered_cents // shown.amount_cents,
        covered_amount=f"{formats.whole_money(shown.covered_cents)} covered",
        covered_of=f" of {asked}",
        offered_amount=f"{offered} offered" if shown.rows else "no bids yet",
        offered_by=f" by {lenders}" if shown.rows else "",
        story=shown.story.split("\n\n"),
        marks=_marks(shown),
        grade=grade,
        points=_points(shown.assessment),
        factors=_factors(shown.assessment),
    )


def write_offer(shown: ListingView, *, today: date) -> OfferShown:
    """Turn what accepting would mean into the borrower's panel and dialog."""
    offer = shown.offer
    kind, badge = ("done", "Covered") if shown.is_covered else ("neutral", "Not covered yet")
    if offer.average_rate is None or offer.apr is None or offer.installment_cents is None:
        return OfferShown(badge_kind=kind, badge=badge, words=offer.reason or "")
    lenders = formats.count(offer.lender_count, "lender")
    net = formats.money(offer.net_cents)
    return OfferShown(
        can_accept=offer.can_accept,
        has_figures=True,
        badge_kind=kind,
        badge=badge,
        words=offer.reason or _accept_words(shown, lenders),
        loan=formats.money(offer.amount_cents),
        fee_label=f"Fee, {formats.share(offer.fee_rate)}",
        fee=formats.money(-offer.fee_cents),
        net=net,
        average=formats.rate(offer.average_rate),
        apr=formats.rate(offer.apr),
        installments_label=formats.count(offer.term_months, "installment"),
        installment=formats.money(offer.installment_cents),
        cost=formats.money(offer.total_cost_cents or 0),
        first_due=_dated(offer.first_due_on, today),
        question=f"You take a loan from {lenders}. This cannot be undone.",
        confirm=f"Accept and take {net}",
        seen=f"{offer.average_rate} {offer.amount_cents}",
    )


def ending_words(shown: ListingView) -> tuple[str, str]:
    """Say what became of a listing, and what that means; nothing while its book is open."""
    ended = formats.long_date(shown.ended_on) if shown.ended_on else ""
    if shown.state is ListingState.ACCEPTED:
        amount = formats.whole_money(shown.covered_cents)
        rate = formats.rate(shown.average_rate) if shown.average_rate is not None else ""
        return "This listing became a loan", f"{amount} at {rate} on average, made on {ended}."
    if shown.state is ListingState.WITHDRAWN:
        return "This listing was withdrawn", f"Every bid was released on {ended}. No loan was made."
    if shown.state is ListingState.EXPIRED:
        return "This listing expired", f"Its time was over on {ended}. Every bid was released."
    return "", ""


def _head(shown: ListingView, today: date) -> tuple[str, str]:
    who = "You ask" if shown.is_own_listing else f"{shown.borrower_name} asks"
    asks = (
        f"{who} for {formats.whole_money(shown.amount_cents)} "
        f"over {formats.count(shown.term_months, 'month')}."
    )
    if shown.state is ListingState.OPEN:
        closes = formats.long_date(shown.closes_on)
        return f"{asks} Bidding closes {closes}, ", formats.days_away(shown.closes_on, today)
    if shown.state is ListingState.DECIDING:
        decides = "You decide" if shown.is_own_listing else f"{shown.borrower_name} decides"
        until = formats.long_date(shown.decide_until_on)
        return f"{asks} Bidding has ended. {decides} until {until}, ", formats.days_away(
            shown.decide_until_on, today
        )
    return asks.replace(" asks ", " asked ").replace("You ask ", "You asked "), ""


def _badge(shown: ListingView) -> tuple[str, str]:
    match shown.state:
        case ListingState.OPEN:
            return ("done", "Covered") if shown.is_covered else ("good", "Open")
        case ListingState.DECIDING:
            return "neutral", "Bidding ended"
        case ListingState.ACCEPTED:
            return "done", "Accepted"
        case ListingState.WITHDRAWN:
            return "neutral", "Withdrawn"
        case _:
            return "neutral", "Expired"


def _rate_note(*, has_rate: bool, has_ended: bool) -> str:
    if has_ended:
        return "average of what led" if has_rate else "no bid came"
    return "average of what leads" if has_rate else "once the first bid arrives"


def _installment_note(shown: ListingView) -> str:
    if shown.offer.installment_cents is None:
        return f"{shown.term_months} of them, monthly"
    if shown.is_covered:
        return f"{shown.term_months} of them, monthly"
    return f"{shown.term_months} of them, on {formats.whole_money(shown.covered_cents)}"


def _marks(shown: ListingView) -> list[str]:
    """List what speaks for itself beside the story."""
    paid = shown.assessment.loans_paid_off
    marks = []
    if paid:
        marks.append("One loan paid off here" if paid == 1 else f"{paid} loans paid off here")
    if shown.accepts_automatically:
        marks.append("Becomes a loan by itself if covered at the end")
    if shown.smallest_share_percent < 100:
        marks.append(f"Would take {shown.smallest_share_percent} % or more")
    return marks


def _points(assessment: AssessmentView) -> str:
    good_until = formats.long_date(assessment.expires_on)
    started = assessment.points - sum(factor.points for factor in assessment.factors)
    start = f", {started} to start with" if started > 0 else ""
    return f"{assessment.points} of {assessment.max_points} points{start}; good until {good_until}"


def _factors(assessment: AssessmentView) -> list[FactorShown]:
    longest = max((abs(factor.points) for factor in assessment.factors), default=0) or 1
    return [
        FactorShown(
            label=factor.label,
            points=_signed(factor.points),
            side="against" if factor.points < 0 else "for",
            size=round(100 * abs(factor.points) / longest),
        )
        for factor in assessment.factors
    ]


def _signed(points: int) -> str:
    return f"+{points}" if points > 0 else f"{formats.MINUS}{-points}" if points < 0 else "0"


def _accept_words(shown: ListingView, lenders: str) -> str:
    """Say who covers what, and until when the borrower may wait."""
    verb = "covers" if shown.offer.lender_count == 1 else "cover"
    if not shown.is_covered:
        part = f"{formats.whole_money(shown.covered_cents)} of {formats.whole_money(shown.amount_cents)}"
        until = formats.long_date(shown.decide_until_on)
        return f"{lenders} {verb} {part}, which is enough for you. You can accept until {until}."
    if shown.state is ListingState.DECIDING:
        until = formats.long_date(shown.decide_until_on)
        return f"{lenders} {verb} all of it. Bidding has ended: accept until {until}, or it expires."
    closes = formats.long_date(shown.closes_on)
    if shown.accepts_automatically:
        return f"{lenders} {verb} all of it. You can accept now; on {closes} it is accepted by itself."
    return f"{lenders} {verb} all of it. You can accept now, or wait until {closes} for better offers."


def _dated(on: date | None, today: date) -> str:
    return f"{formats.long_date(on)}, {formats.days_away(on, today)}" if on else ""
