"""How each tool is configured, started, asked and stopped: `catalogue` lists them, `adapter` says what one must do.

An adapter writes its tool's own configuration from the same list of services. It measures nothing.
"""
