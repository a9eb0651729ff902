"""The figures that managers see, where one look at a Frame does not tell them, and counts of this moment."""
