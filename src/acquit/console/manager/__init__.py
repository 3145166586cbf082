"""The manager: pages for the people of an account."""
