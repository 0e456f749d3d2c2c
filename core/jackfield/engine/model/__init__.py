"""What a cycle speaks of: steps, plans, log entries, names, codes. No stage is imported here."""
