"""Documents, live and logged. Knows nothing of interviews, people's names, HTTP or the environment."""
