"""Peer-to-peer lending marketplace."""
