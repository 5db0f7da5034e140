"""Data sets for training and evaluation: one file each, `registry.py` finds them, all yield `person.Person`."""
