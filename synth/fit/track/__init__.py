"""The voice of a recording: a plane of chirps, a path through it, ridges, fundamentals, notes.

In: samples. Out: `FittedNote`s. Read `ridge.py` first.
"""
