"""Training and evaluation: pulses of real people are rendered into maps, the network is fitted and judged on others.

```
datasets.py -> pulses.py -> render_maps.py -> map_set.py -> fit.py (losses.py)
    -> evaluate.py -> describe.py -> card.py
```

`fit.train` and `evaluate.evaluate` are the two ways in.
"""
