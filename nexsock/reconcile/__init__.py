"""The one room that decides and does: triggers come in, the planner decides, engines act, the store remembers."""
