"""The memory: PostgreSQL, SQL in sight."""
