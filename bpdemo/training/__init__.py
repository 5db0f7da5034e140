"""Training and evaluation: networks fitted on people with cuff pressures, and scored on others.

```
dataset.py            people of data sets -> windows rendered or read from clips -> what the network reads of them
folds.py              who is fitted on and who is asked, made once for everything that is compared
losses.py  fit.py     one network on some people
cross_validation.py   one network for each fold;  baselines.py: simpler models on the same folds
predictions.py        what any of them answered
metrics.py  intervals.py  scoring.py  results.py    from answers to figures
train.py  evaluate.py the two ways in: from data sets to weights, and from weights to scores
```
"""
