"""One file per screen, layout only."""
