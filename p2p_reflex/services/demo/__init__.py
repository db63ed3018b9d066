"""The demo market: made by the real services, day by day, with a fixed seed."""
