"""Networks: normalised log-mel clips [batch, frames, n_mels] -> latent vectors [batch, dimensions].

`encoder.py` is the form of an encoder: read it first. A further one is a file here and its line in
`registry.py`.
"""
