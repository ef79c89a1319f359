"""Who may say what to whom: frames, messages and the list of operations. Bytes and values only, never a socket."""
