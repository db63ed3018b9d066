"""Pushes what changed to the browsers that show it."""
