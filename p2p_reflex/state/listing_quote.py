"""Owns how a lender's own bid, and what a new one would do, are written beside the fields."""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from p2p_reflex.domain import formats
from p2p_reflex.domain.vocabulary import BidState, ListingState
from p2p_reflex.services.bidding.bidding import BidQuote, DisplacedLender
from p2p_reflex.services.listings.listing_view import ListingView, OwnBid, Place

BINDING = "A leading bid is binding until it is outbid."
ENDED_BID_WORDS = {
    BidState.DECLINED: "The borrower declined your bid. You may bid again.",
    BidState.WITHDRAWN: "You withdrew your bid. You may bid again.",
    BidState.LAPSED: "Your bid lapsed, because the money for it was gone. You may bid again.",
}


@dataclass
class StandingShown:
    """What stands of a lender's own bid."""

    badge_kind: str = ""
    badge: str = ""
    words: str = ""
    can_withdraw: bool = False
    lower: str = ""
    lower_words: str = ""
    again: dict[str, str] = field(default_factory=dict)


@dataclass
class QuoteShown:
    """What a bid would do, as text."""

    kind: str = "neutral"
    fact: str = ""
    then: str = ""
    lead_in_full: str = ""
    lead_in_full_rate: str = ""
    rate_label: str = ""
    rate: str = ""
    servicing: str = ""
    loss: str = ""
    expected: str = ""
    hold: str = ""
    needs_money: bool = False


def write_standing(shown: ListingView) -> StandingShown:
    """Say what stands now."""
    own = shown.own_bid
    if own is None:
        return StandingShown(words=_without_bid(shown))
    amount, rate = formats.whole_money(own.amount_cents), formats.rate(own.rate)
    if own.place is Place.OUTBID:
        words = f"Your {amount} at {rate} is outbid. Nothing is held for it."
        return StandingShown("neutral", "Outbid", words, own.can_withdraw)
    if own.place is Place.LEADING:
        return StandingShown("good", "Leading", f"All {amount} of your bid leads at {rate}.")
    leads = formats.whole_money(own.leading_cents)
    rest = formats.whole_money(own.amount_cents - own.leading_cents)
    words = f"{leads} of your {amount} leads at {rate}. The other {rest} is free."
    return StandingShown("good", "Leads in part", words)


def with_lower_bid(standing: StandingShown, own: OwnBid, quote: BidQuote) -> StandingShown:
    """Offer the outbid lender the same amount at the rate that leads in full, where the money is there."""
    rate, hold = quote.lead_in_full_rate, own.amount_cents - own.leading_cents
    if rate is None or rate >= own.rate or hold > quote.available_cents:
        return standing
    lower, held = formats.rate(rate), formats.whole_money(hold)
    return replace(
        standing,
        lower=f"Bid lower: {lower}",
        lower_words=f"At {lower} all of it leads again, and {held} is held.",
        again={
            "amount": amount_typed(own.amount_cents),
            "rate": percent_typed(rate),
            "message": own.message,
        },
    )


def write_quote(
    quote: BidQuote, *, rate_label: str, is_standing: bool = False, has_errors: bool = False
) -> QuoteShown:
    """Say where a bid would stand, what it would earn, and what would be held."""
    kind, fact, then = _placement(quote, is_standing=is_standing, has_errors=has_errors)
    lead = quote.lead_in_full_rate if quote.lead_in_full_rate != quote.rate else None
    hold = quote.additional_hold_cents
    return QuoteShown(
        kind=kind,
        fact=fact,
        then=then,
        lead_in_full=f"Lead in full: {formats.rate(lead)}" if lead is not None else "",
        lead_in_full_rate=percent_typed(lead) if lead is not None else "",
        rate_label=rate_label,
        rate=formats.rate(quote.rate) if quote.rate is not None else "",
        servicing=formats.rate(-quote.servicing_cost_rate) if quote.servicing_cost_rate is not None else "",
        loss=formats.rate(-quote.expected_loss_rate),
        expected=formats.rate(quote.expected_return_rate) if quote.expected_return_rate is not None else "",
        hold=_hold_words(quote),
        needs_money=hold is not None and hold > quote.available_cents,
    )


def percent_typed(rate: Decimal) -> str:
    """Write a rate exactly as a person would type it: 11.55, and 11.1834 where it has such decimals."""
    percent = (rate * 100).normalize()
    return f"{percent:.2f}" if percent == round(percent, 2) else f"{percent:f}"


def amount_typed(cents: int) -> str:
    """Write whole dollars as a person would type them: 2,400."""
    return f"{cents // 100:,}"


def form_of(own: OwnBid | None) -> tuple[str, str, str]:
    """Fill the fields with the bid that stands: amount, rate, message."""
    if own is None:
        return "", "", ""
    return amount_typed(own.amount_cents), percent_typed(own.rate), own.message


def _without_bid(shown: ListingView) -> str:
    if shown.state not in (ListingState.OPEN, ListingState.DECIDING):
        return ""
    if shown.ended_bid_state in ENDED_BID_WORDS:
        return ENDED_BID_WORDS[shown.ended_bid_state]
    return "The lowest rates lead, and everyone who leads is paid the rate they bid."


def _placement(quote: BidQuote, *, is_standing: bool, has_errors: bool) -> tuple[str, str, str]:
    """Say the place of a bid: the kind of notice, the fact, and what comes with it."""
    if quote.refusal:
        return "warning", quote.refusal, ""
    if quote.position is None or quote.amount_cents is None or quote.leading_cents is None:
        ask = "Correct what is marked" if has_errors else "Enter an amount and a rate"
        return "neutral", ask, "to see where your bid would stand."
    place = f"{_ordinal(quote.position)} of {quote.of_count}."
    amount, leads = formats.whole_money(quote.amount_cents), formats.whole_money(quote.leading_cents)
    if is_standing:
        return "neutral", "This is your bid as it stands.", place
    then = " ".join(filter(None, (place, _displaced_words(quote.displaced))))
    if quote.leading_cents == quote.amount_cents:
        return "good", f"All {amount} would lead.", then
    if quote.leading_cents:
        return "neutral", f"{leads} of {amount} would lead.", then
    return "neutral", "Nothing of it would lead.", f"{place} A lower rate would."


def _displaced_words(displaced: tuple[DisplacedLender, ...]) -> str:
    """Say who would lead with less."""
    if not displaced:
        return ""
    if len(displaced) > 1:
        return f"{len(displaced)} others would lead with less."
    (one,) = displaced
    return f"{one.name} would {'lead in part' if one.after_cents else 'be outbid'}."


def _hold_words(quote: BidQuote) -> str:
    """Say what would be held, before the button and not after it."""
    hold = quote.additional_hold_cents
    available = f"your {formats.money(quote.available_cents)} available"
    if hold is None or quote.leading_cents is None:
        return f"Only what leads is held, of {available}. {BINDING}"
    if hold > quote.available_cents:
        return f"This needs {formats.whole_money(hold)}, more than {available}."
    if quote.leading_cents == 0:
        return f"Nothing is held while nothing leads. {BINDING}"
    if hold < 0:
        return f"Frees {formats.whole_money(-hold)} of what is held. {BINDING}"
    if hold == 0:
        return f"Holds nothing more. {BINDING}"
    more = " more" if hold < quote.leading_cents else ""
    return f"Holds {formats.whole_money(hold)}{more} of {available}. {BINDING}"


def _ordinal(number: int) -> str:
    """Write a place: 1st, 2nd, 3rd, 8th."""
    endings = {1: "st", 2: "nd", 3: "rd"}
    teen = number % 100 in (11, 12, 13)
    return f"{number:,}{'th' if teen else endings.get(number % 10, 'th')}"
