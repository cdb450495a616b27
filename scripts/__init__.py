"""Commands: each file is one verb of `chingolo`, run too as `python scripts/NAME.py`.

In come options, out go files and printed lines; the work itself is in the other packages. Read
`generate_songs.py` first; `chingolo/__main__.py` enters the commands.
"""
