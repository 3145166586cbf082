"""ENTRANCE 2: the provider's staff, as programs: JSON below /office/api, a bearer token per operator."""
