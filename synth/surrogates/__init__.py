"""Synthetic songs as the other packages ask for them.

In come repertoires, named sets of recorders and birds, and a seed; out come songs with their table
(`sing_songs.py`, and `generate_songs.py` in files), pairs of renditions for an encoder (`pairs.py`)
and scenes for a detector (`scenes.py`). Read `sing_songs.py` first.
"""
