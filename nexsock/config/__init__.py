"""Text to Project, or all its problems at once. Only `source` and `edit` open files; nothing here runs anything."""
