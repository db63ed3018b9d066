"""What admins look at: the overview, risk, the loans to act on."""
