"""The digest by itself: a model that walks every interleaving of it."""
