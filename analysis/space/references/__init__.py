"""Frozen references: clusters fitted once, and later songs told by them.

Read `reference.py` first.
"""
