"""What each screen shows and does; no rules, no SQL."""
