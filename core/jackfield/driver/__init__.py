"""The machinery that runs what connectors say: requests, waits, tokens, checks. Private.

An author of a connector needs nothing of it: see `jackfield.hooks` and `jackfield.flow`.
"""
