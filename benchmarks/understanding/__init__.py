"""Measures the understanding on public sets and on sentences held out; `python -m benchmarks.understanding`."""
