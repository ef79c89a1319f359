"""The nouns of nexsock: frozen values that every other room speaks of. No clock, no external call, no I/O."""
