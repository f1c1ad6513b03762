"""One screen a file: draws one state, sends events, holds no rule."""
