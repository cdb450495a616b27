"""Waveform to log-mel spectrogram.

In come songs of any length; out go clips of one length and their spectrograms, on the device and
differentiable. Read `front_end.py` first: the settings; then `log_mel.py`.
"""
