"""Rules, their evaluation, and telling people."""
