"""Bad and odd inputs, made by script: what each is, and what must come of it.

`corpus.make_corpus` writes all of them into a folder; `reading.read_all` reads them in a process of its own that is
watched. `python -m benchmarks.faults` prints what came of each.
"""
