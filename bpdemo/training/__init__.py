"""Training and evaluation: pulses of real people are rendered into maps, the network is fitted and judged on others.

```
published_data.py, own_data.py -> datasets.py (people.py)
    -> pulses.py -> render_maps.py -> map_set.py (recordings), film_maps.py (clips)
    -> fit.py (losses.py) -> evaluate.py -> describe.py -> card.py
```

`fit.train` and `evaluate.evaluate` are the two ways in.
"""
