"""One step: (recipe, state, batch) -> (state, metrics), a pure function.

`step.py` is read first; `state.py` holds the state and what does not change, `learner.py` the
network, `batch_views.py` makes the views of a batch from `views.py`, one function each.
"""
