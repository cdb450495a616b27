"""Forms of other programs: annotations, headers of columns and of WAV files as they are found."""
