"""What every command shares: options parsed, errors told in one line, memory in large pages.

Read `command.py` first.
"""
