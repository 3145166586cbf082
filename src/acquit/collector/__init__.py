"""The customer's side: gathers bills from any APIv6."""
