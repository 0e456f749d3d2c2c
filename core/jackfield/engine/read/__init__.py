"""The first stage: what a source gives, whether it can be believed, and what has changed in it."""
