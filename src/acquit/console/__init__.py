"""ENTRANCE 3: server-rendered pages, /manager for customers, /office for staff, and the pages of consent."""
