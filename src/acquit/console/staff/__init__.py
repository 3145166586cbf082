"""The office: pages for the provider's staff."""
