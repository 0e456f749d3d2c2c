"""How a job is doing over its cycles: healthy, in quarantine, paused."""
