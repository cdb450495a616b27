"""What the findings rest on: tests, clusters, places, the placebo and the methods paragraph.

Read `control.py` first, which tells what a recorder alone would do.
"""
