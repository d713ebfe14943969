"""The reference adapters: each implements one port by one technique, and knows ports and values only."""
