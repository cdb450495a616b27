"""The statistics of change, each one object in one file.

In: `Evidence`, `Design` and eras [draws, units]. Out: values [draws], large where the eras differ.
A new one is a file with a `Statistic` and a line in `registry.py`; tests, placebo, matched
comparison, results, report and benchmarks follow. Read `statistic.py` first.
"""
