"""The bot lenders: their rounds, their desk, and what they did and why."""
