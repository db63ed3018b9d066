"""What people are told: the notices, their words, preferences and e-mails."""
