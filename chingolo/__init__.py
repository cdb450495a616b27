"""Chingolo hears how a birdsong dialect changed.

`chingolo.synth` sings, `chingolo.train` learns to hear, `chingolo.analysis` compares; the commands
are in `chingolo.scripts`.
"""
