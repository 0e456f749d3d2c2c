"""The seventh stage: what a plan says is done at the vendor, once, and stored."""
