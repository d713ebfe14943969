"""A storage on a folder of JSON files, its contract, and the lifecycle machine that is let loose on it."""
