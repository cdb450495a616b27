"""Detectors: scenes and marked recordings -> a small network that finds songs in a stream.

Read `train_detector.py` first, then `examples.py` (what it learns from) and `network.py`.
`streaming.py` is the trained network at work, in NumPy alone, and imports nothing else from here.
"""
