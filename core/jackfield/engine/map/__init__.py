"""The third stage: what the target user of a source object should have."""
