"""The parts of the store, one table or two each. Only `jackfield.engine.store` puts them together.

They know tables and transactions; what a failure, a hold or a quarantine means is decided by the
engine above them.
"""
