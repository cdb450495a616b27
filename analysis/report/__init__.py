"""The report of a comparison: one page that stands alone, figures, and tables.

In: a `Comparison`. Out: report.html, PDF and PNG figures, songs.csv, results.json. `sections` holds
each section of the page as one object, `elements` what sections are made of. Read `report.py`
first.
"""
