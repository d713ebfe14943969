"""Events, states and other values as JSON data, and text files that were made elsewhere."""
