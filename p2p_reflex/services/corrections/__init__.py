"""Mistakes put right: planned, shown before they happen, written, and what the platform advances for it."""
