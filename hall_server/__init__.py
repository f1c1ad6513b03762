"""One hall: its rules, its journal, its broker, its pages."""
