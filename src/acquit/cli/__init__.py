"""Entrance 4: one file per command."""
