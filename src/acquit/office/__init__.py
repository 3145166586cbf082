"""Entrance 2: the provider's staff."""
