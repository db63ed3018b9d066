"""The laws of the books: one function each, one set-based look at the database, violations as sentences."""
