"""Eras, independent units and blocks: what a test of change may compare.

In: a song table and which era each song is of. Out: `Design`, the songs of equal effort, permuted
eras, and means over units. Read `units.py` first.
"""
