"""Repertoire to gesture: what is sung, how it varies, and by whom.

In comes a YAML file; out come planned songs and the gesture of each. Read `repertoire.py` first
(the words: note, item, theme, population), then `population.py`, `variation.py` and `song.py` in
the order in which a song comes about.
"""
