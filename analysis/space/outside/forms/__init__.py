"""The forms that others write vectors in, one file a form.

In: files. Out: `OutsideVectors`. Read `form.py` first; `registry.py` enters them.
"""
