"""What the engine remembers: a part for each table or two, which `store` alone puts together.

They know tables and transactions; what a failure, a hold or a quarantine means is decided by the
engine above them.
"""
