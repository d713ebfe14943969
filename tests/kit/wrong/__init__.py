"""Adapters that are wrong in one way each, as tables, with the clause that each mistake breaks."""
