"""Forms of other programs: annotations as rows of a song table, names of columns, WAV headers."""
