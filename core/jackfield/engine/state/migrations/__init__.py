"""How the state's format changed; one file for each version, never edited once released."""
