"""The fifth stage: what has to be done for each person. It writes nothing."""
