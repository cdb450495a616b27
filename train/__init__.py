"""Songs -> a trained encoder, or a detector of songs.

In come waveforms (of song tables, of a repertoire, or in memory); out goes an encoder, which turns
a clip into a latent vector, or a detector, which finds songs in long recordings. From the ground
up: `objective` (heads, losses, the form of a method), `encoders`, `methods`, `settings`, `data`
(what a step sees), `step` (one pure step), `parallel.py` (devices and hosts), `run` (the loop and
its files), `search` (which settings), `detector`. Imports run downwards in this order only. Read
`step/step.py` first, then `run/train_encoder.py`.
"""
