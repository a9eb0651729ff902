"""History for the demonstration: made up, and only where there is none."""
