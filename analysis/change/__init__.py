"""What became of the songs between two eras, as far as the songs alone tell it.

In: songs, their eras and `Evidence` (vectors, themes, descriptors). Out: `EraChange`, with the
tests of all statistics, the shares of the themes, turnover, novelty and descriptors. `design` says
what may be permuted against what, `statistics` holds each statistic of change as one object. Read
`era_change.py` first.
"""
