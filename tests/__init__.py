"""The tests; a package, so that the contracts have one name for every tool."""
