"""Chaos on PostgreSQL: processes are killed, connections cut, clocks set wrong; then what they leave is audited.

`python -m proofs.chaos --minutes 10 --seed 7` runs it. What the people and the workers do is drawn from the seed; when
the processes meet is the machine's own, so that no two runs are alike.
"""
