"""Drift: how a theme is sung, from what a recorder cannot make.

In: songs as waveforms, their themes, and the design of units and eras. Out: intervals, trill
periods and pitches of whistles, song by song, and which of them changed by how much. Read
`song_measures.py` first, then `match_theme.py`, `drift_table.py` and `measure_drift.py`.
"""
