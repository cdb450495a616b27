"""Forms of other programs: annotations to and from the rows of a song table, headers of columns
and of WAV files as they are found.
"""
