"""What a recorder of a wide family can do to a recording, one pure function a part.

In comes the settings of a part and a whole recording, out goes a recording of the same length. Read
`part.py` first; `registry.py` lists them all, and `../wide.py` draws recorders from them.
"""
