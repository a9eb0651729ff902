"""How fast we are, beside what one would compare us with: `python -m benchmarks`, see docs/benchmarks.md."""
