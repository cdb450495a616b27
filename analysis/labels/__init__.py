"""Known labels: how well clusters and vectors agree with them.

In: vectors, clusters and labels, or labelled collections as they come. Out: agreement scores. The
labels enter nothing else. Read `agreement.py` first.
"""
