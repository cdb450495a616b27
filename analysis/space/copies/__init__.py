"""Songs heard through recorders as well: which recorders, and the vectors of the copies."""
