"""From songs and an encoder to what became of a dialect.

In: song tables, recordings and a trained encoder (`train`), or vectors and a table in memory. Out:
the songs in long recordings, latent tables, clusters and themes, and the comparison of two eras
with its verdict and report.

The rooms from the ground up are the way of the data: `settings`; `find` (recording -> songs);
`space` (songs -> vectors, clusters, themes, map); `labels` (agreement with known labels); `change`
(design, statistics and tests of two eras); `recorder` (what the recorder may have done);
`verdict`; `results`; `compare` and `compare_types`; `report`. Read `compare.py` first.
"""
