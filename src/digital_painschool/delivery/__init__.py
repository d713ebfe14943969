"""The delivery of notifications: a worker that any number of processes may run."""
