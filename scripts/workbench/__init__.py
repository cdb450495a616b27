"""Commands for those who make a piece of their own: a voice by ear, a detector of their species.

Each is a verb of `chingolo` like those beside this folder. Read `sing_themes.py` first.
"""
