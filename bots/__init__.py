"""The bot lenders: plain strategies that see a market and propose bids; `docs/bots.md` tells how."""
