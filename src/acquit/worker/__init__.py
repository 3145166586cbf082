"""Entrance 5: what is due, and delivery."""
