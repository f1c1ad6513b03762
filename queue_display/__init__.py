"""Call boards, window signs and the voice that calls."""
