"""Promises under attack: seeded harnesses that measure, and that first prove they can fail."""
