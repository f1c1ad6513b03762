"""Backups of a whole hall: what belongs in one, how it is made, checked, kept and put back."""
