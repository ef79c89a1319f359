"""Hands: effects on the machine without decisions. Processes, clocks, ports, probes, watches, git.

Belongs here: what asks or changes the machine when told to. Never: why, when or in which order (plan, lifecycle,
reconcile), nor what is remembered (store).
"""
