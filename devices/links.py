"""Serial and socket links with deadlines."""
