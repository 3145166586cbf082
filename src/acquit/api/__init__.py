"""Entrance 1: the APIv6 wire for accounts."""
