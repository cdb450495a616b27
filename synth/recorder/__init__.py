"""Waveform to recording: air, echoes, background, and the machine.

In comes a song as it sounds at 1 m, or a recording; out comes what a recorder made of it. Read
`channel.py` first; machines by name are in `recorders.py`, machines at random in `wide.py`, what
those are drawn from in `families.py` and what they can do in `parts/`.
"""
