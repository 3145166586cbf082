"""The papers: values to bytes and back, pure."""
