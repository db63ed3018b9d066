"""Shared looks."""
