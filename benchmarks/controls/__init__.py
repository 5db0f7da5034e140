"""Negative and positive controls: what must never give a reading, and what should."""
