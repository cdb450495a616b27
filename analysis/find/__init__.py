"""Long recordings and live streams to songs with begin and end.

In: audio by blocks and a detector (`detectors/`, or a run of its training). Out: songs as they end,
rows of a song table. Read `find.py` first.
"""
