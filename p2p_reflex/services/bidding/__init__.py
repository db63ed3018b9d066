"""The live order book: bids, what leads, and the borrower's yes that makes it a loan."""
