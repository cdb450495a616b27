"""What was found: the verdict, the map, themes, how they are sung, examples to hear.

Read `verdict.py` first, which is the head of the page.
"""
