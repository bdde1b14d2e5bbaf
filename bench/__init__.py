"""The benchmark: `make bench`. What it measures and how is in README.md."""
