"""Recording to gesture: the way of `score` and `voice` backwards.

In comes a recorded song; out come its gesture, its notes as a theme, its re-synthesis, dry and as
the recording would hold it, and varied copies. Read `fit_song.py` first: `fit` on an array; what it
calls stands in `track/` and `refine.py`. `fit_table.py` does it for whole tables and writes files.
"""
