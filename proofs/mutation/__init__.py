"""Mutation testing: each rule is broken in every small way there is, and a test must notice.

`python -m proofs.mutation` breaks and judges; `survivors.toml` lists what no test can notice, and why; `README.md` has
the figures.
"""
