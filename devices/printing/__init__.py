"""From a ticket to what a printer understands: layout, text bytes, pictures."""
