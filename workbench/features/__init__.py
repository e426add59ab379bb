"""Signal features with the parameters of the sources: mel, CENS, tempograms, tempo and key."""
