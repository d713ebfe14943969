"""Calls of a server over HTTP, for adapters of inbox and messenger. Needs the extra `http`."""
