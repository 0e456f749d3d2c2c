"""The sixth stage: which steps wait for a person."""
