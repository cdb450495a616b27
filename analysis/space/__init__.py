"""The latent space: songs to vectors, and vectors to clusters, themes and a map.

In: song tables and an encoder, ours or of `outside`. Out: latent tables (`latent_table`),
`SongSpace`, and frozen `references` that later songs are told by. Nothing here knows of eras. Read
`song_space.py` first, `embed.py` for how vectors are made, `embedder.py` for by what.
"""
