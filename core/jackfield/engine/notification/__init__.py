"""Tells people by mail and webhook what is so of a job as a whole."""
