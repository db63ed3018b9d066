"""Asking for money: the form, its consequences, the listing's life, and the market it stands in."""
