"""The hall that one command starts: a plan of programs, and the supervisor that keeps them running."""
