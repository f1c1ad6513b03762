"""PURE: calls in, utterances out, in order, per board and language."""
