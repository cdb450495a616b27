"""Waveform to recording: air, echoes, background, and the machine.

In comes a song as it sounds at 1 m; out comes what a recorder heard of it. Read `channel.py` first;
the machines are in `recorders.py`.
"""
