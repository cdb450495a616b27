"""Forms of annotation of other programs, to and from the rows of a song table."""
