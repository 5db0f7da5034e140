"""Renderings: finger pulses become the colours of a face's cells (`maps.py`) or whole clips (`scenes.py`)."""
