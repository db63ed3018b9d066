"""Owns the proof that what is done is what was shown: a fingerprint of the figures somebody looked at."""

import hashlib
import json


def fingerprint_of(figures: object) -> str:
    """Give a short name to figures; other figures have another one."""
    return hashlib.sha256(json.dumps(figures, sort_keys=True, default=str).encode()).hexdigest()
