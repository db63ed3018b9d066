"""The business day: its steps, who runs them, what they left behind."""
