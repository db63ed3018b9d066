"""Loans and notes as they stand and as they are looked at: one, all, a lender’s, a borrower’s."""
