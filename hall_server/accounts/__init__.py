"""Who may do what: accounts, roles, sessions, tokens of partners, and the audit log of all of it."""
