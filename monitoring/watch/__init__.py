"""The thread that watches: who does which of its jobs, and when."""
