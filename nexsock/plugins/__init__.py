"""Plugins found, judged by what they say of themselves, run in processes of their own, asked and told. Decides nothing
about services: see nexsock.hooks for what a plugin may say and reconcile/ for what becomes of it."""
