"""Gesture to waveform: the dynamical model of the syrinx, and the tract behind it.

In come a bird's constants and gestures, curves of f0, amplitude and pressure; out come waveforms at
1 m. Read `gestures.py` and `birds.py` first, then `render.py`; the physics is in `labia/`
(oscillators) and `tract.py` (trachea and beak).
"""
