"""Pages and the JSON interface of a hall; see docs/decisions/0009-pages.md."""
