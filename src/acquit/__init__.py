"""Acquit: enterprise billing that explains itself."""
