"""The hall's memory: one SQLite file of chained records, and what is derived from them."""
