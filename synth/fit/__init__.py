"""Recording to gesture: the way of `score` and `voice` backwards.

In comes a recorded song; out come its gesture, its notes as a theme, its re-synthesis and varied
copies. Read `fit_song.py` first: `fit` on an array; what it calls stands in `ridge.py`,
`whole_ridges.py`, `measure_notes.py` and `refine.py`. `fit_table.py` does it for whole tables and
writes files.
"""
