"""The sections of the report, each one object in one file: `findings/`, then `grounds/`.

In: a `Comparison` and its `Media`. Out: HTML, or "" where the section does not apply. A new one is
a file with a `Section` and a line in `registry.py`. Read `registry.py` first.
"""
