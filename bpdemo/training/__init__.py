"""Training and evaluation: networks fitted on people, most with cuff pressures, and scored on others.

```
dataset.py            what the network reads of windows: rendered (rendered.py), or of clips and their maps (filmed.py)
cohort.py             the people of data sets and maps;  crop_store.py: frames of windows, on disk
folds.py              who is fitted on and who is asked, made once for everything that is compared
recipe.py             the settings of a fit
loop.py  member_fit.py  fit.py                      one model on some people, a network at a time
cross_validation.py   one network for each fold;  baselines.py: simpler models on the same folds
predictions.py        what any of them answered
metrics.py  intervals.py  scoring.py  levels.py     from answers to figures:  scores.py  results.py
train.py  evaluate.py the two ways in: from data sets to weights (description.py), and from weights to scores
protocols.py  evaluate_protocol.py                  evaluations as papers have made them
pretrain.py           what a model learns of the pulse without labels, before its fit:  map_waves.py
pulse_material.py  pulse_fit.py  pulse_scores.py  train_pulse.py    networks that find the pulse in frames
pulse_evaluation.py   their heart rates, and those of the map's methods, beside a contact sensor's
```
"""
