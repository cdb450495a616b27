"""Search over front ends, encoders, methods and views, for what hears invented units best.

`choices.py` says what may be chosen, `trial.py` how one choice is judged, `study.py` goes from
trial to trial, in a folder that it can go on from.
"""
