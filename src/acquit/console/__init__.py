"""Entrance 3: server-rendered pages."""
