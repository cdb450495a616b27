"""Settings of an encoder's training: frozen dataclasses, named ones, changed by name.

Read `training.py` first. `change.py` does `--set part.name=value` and reads the JSON of a run, of
older versions too; a further preset is an object in `presets.py` and its line in `registry.py`.
"""
