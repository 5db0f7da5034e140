"""Dated studies on top of the package; nothing in the package imports them. Their results are in docs/."""
