"""The second stage: who of a source is in scope, by assignment and scoping filters."""
