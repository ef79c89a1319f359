"""Nouns to what a template shows. Pure: asks nobody anything, and `frame.now` is the present."""
