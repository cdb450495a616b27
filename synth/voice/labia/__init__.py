"""The oscillators: their field, one source in time, and sources that hear each other."""
