"""A storage on LMDB, an embedded key-value store, its contract, and the lifecycle machine that is let loose on it."""
