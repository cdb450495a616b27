"""Training methods, each one object in one file: settings, heads, terms of the loss, checks.

Their form is `train.objective.method.Method`. A further one is a file here and its line in
`registry.py`; read `simclr.py` first, it is the shortest with a head.
"""
