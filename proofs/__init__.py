"""What proves the tests and the rules: seeded bugs, mutants, chaos, and a model that walks every interleaving."""
