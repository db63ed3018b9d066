"""Owns what bots leave to people: the last part of a listing in its first hour."""

from decimal import Decimal

from p2p_reflex.domain.money import portion_cents


def kept_for_people_cents(
    *, asked_cents: int, minutes_open: int, room_share: Decimal, room_minutes: int
) -> int:
    """Give the part of a request that bots must leave to people now, rounded up to whole dollars."""
    if minutes_open >= room_minutes:
        return 0
    return min(asked_cents, -(-portion_cents(asked_cents, room_share) // 100) * 100)


def room_for_bot_cents(
    *, asked_cents: int, kept_cents: int, offered_cents: int, bots_offered_cents: int, own_cents: int
) -> int:
    """Give the largest bid a bot may make; what it offers in this book already, it replaces.

    Law: while something is kept, bots together never offer more than the rest of the request, and no bid of
    theirs covers any of what is kept. Where people have covered it, bots may compete for the rest.
    """
    if not kept_cents:
        return asked_cents
    most_cents = asked_cents - kept_cents
    room_cents = most_cents - (bots_offered_cents - own_cents)
    others_cents = offered_cents - own_cents
    if others_cents < asked_cents:
        room_cents = min(room_cents, max(most_cents - others_cents, own_cents))
    return max(room_cents, 0)
