"""SQLModel tables; no rules."""
