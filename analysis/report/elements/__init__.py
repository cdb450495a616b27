"""What the page is made of: pictures, sounds, map data, colours, and what a section is.

In: a `Comparison` and the audio its songs name. Out: `Media`. Read `section.py` first.
"""
