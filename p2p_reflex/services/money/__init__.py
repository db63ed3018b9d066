"""Money: the ledger, holds, wallets, what waits to be confirmed, the books and the journal."""
