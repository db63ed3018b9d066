"""Owns the proof that what is done is what was shown: a digest of the figures that a person looked at."""

import hashlib
import json

from p2p_reflex.domain.errors import LendingError


class ChangedSinceError(LendingError):
    """What would be done now is not what the person saw."""

    def __init__(self) -> None:
        super().__init__(
            "This would do something else than you saw, because the loan has changed since. Look again;"
            " nothing was changed."
        )


def digest(figures: object) -> str:
    """Give a short name to figures; other figures have another one."""
    return hashlib.sha256(json.dumps(figures, sort_keys=True, default=str).encode()).hexdigest()


def check_seen(seen: str, *, now: str) -> None:
    """Refuse where somebody saw other figures than those of now. Raises ChangedSinceError."""
    if seen and seen != now:
        raise ChangedSinceError
