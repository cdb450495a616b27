"""Maps of the latent space: vectors to the few dimensions that a picture shows.

Read `reduce.py` first.
"""
