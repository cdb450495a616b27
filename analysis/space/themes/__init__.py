"""Clusters to themes: which clusters are one theme, and what themes are called.

In: clusters of songs, and of their copies through recorders. Out: the theme of each song. Read
`recorder_themes.py` first.
"""
