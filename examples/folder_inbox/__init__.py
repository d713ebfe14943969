"""An inbox that is a folder: a first try, what became of it, and the contract that says which is which."""
