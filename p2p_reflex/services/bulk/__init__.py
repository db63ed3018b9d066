"""Thousands of rows at once: written together, by rows or by columns."""
