"""What people ask of a window: small records from few queries, or from a Frame."""
