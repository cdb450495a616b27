"""What may be claimed: the repertoire, and how its themes are sung; never mixed.

In: a change as it was measured, and what recorders alone do. Out: two claims with their reasons,
and the verdict. Read `claim.py` first, then `repertoire.py` and `drift.py`.
"""
