"""Help for a borrower in hardship: pause, lower, lengthen, forgive."""
