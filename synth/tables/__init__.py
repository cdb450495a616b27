"""What everything reads and writes: audio, song tables, annotations, folders; names and errors.

In come files; out go arrays, data frames and one-line errors, and the other way round. Read
`song_table.py` first, then `files.py`; `registry.py` is how everything that has a name is found.
"""
