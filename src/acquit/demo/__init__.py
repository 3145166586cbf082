"""The demo company: a provider and its customers whose past is played by the real actions."""
