"""Values and facts of the treatment: no clock, no randomness, no I/O."""
