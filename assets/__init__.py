"""Ground of every screen and ticket: fonts, icons, sounds, sample halls."""
