"""Song tables, songs in memory and fresh synthetic ones -> the batch of every step.

What a step sees is pure in (seed, step). Read `batches.py` first; `corpus.py` and `read_songs.py`
make the recorded part, `pool.py` and `synthetic_pairs.py` the fresh one, `prefetch.py` runs ahead.
"""
