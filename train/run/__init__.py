"""A run: steps until the end, with metrics, checkpoints and the exported encoder in a folder.

`train_encoder.py` is read first: `train` takes arrays and returns a `TrainedEncoder`
(`trained_encoder.py`), `train_in_folder` goes through files. `loop.py` is the loop that detectors
share, `config.py`, `metrics.py` and `checkpoint.py` its files, `probe.py` what tells whether a run
learns.
"""
