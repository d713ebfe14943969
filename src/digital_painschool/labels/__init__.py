"""The labels of everything that a person reads, a file a language. Labels are chosen by code and never stored."""
