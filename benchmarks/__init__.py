"""Ratios, measured side by side in one run: this library, its floor and its peers. `python -m benchmarks --help`."""
