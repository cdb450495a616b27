"""Songs beside each other as pictures: song tables in, PNG out.

Read `contact_sheet.py` first.
"""
