"""The past of a room: what was there at any instant. Knows nothing of rooms, HTTP or the environment."""
