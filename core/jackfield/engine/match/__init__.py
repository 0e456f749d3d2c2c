"""The fourth stage: which account at the vendor is whose."""
