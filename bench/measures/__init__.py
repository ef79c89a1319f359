"""What is measured. Each module has one function `measure(tool, options)` that returns a record of figures.

A figure that a tool does not reach is None or says so in words; an exception ends the trial and stands in the record.
"""
