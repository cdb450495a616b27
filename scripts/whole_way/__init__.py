"""Commands that run others one after the other.

`demo.py` on a generated example, `report_recordings.py` on recordings; read the second first.
"""
