"""The hall's catalogue of items: import, versions, search, checks, and how items come to its services."""
