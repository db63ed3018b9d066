"""Owns how the property tests run: no example is timed, because a busy machine is not a broken rule."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
