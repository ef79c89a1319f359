"""The life of one service as tables and arithmetic: numbers in, decisions out. No clock, no store, no process."""
