"""The interview: who may enter, what they are, and what became of it."""
