"""Use cases, one function each, one session handed in."""
