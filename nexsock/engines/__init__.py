"""What a plan's steps do to the machine: start, stop, signal, observe. Effects without decisions."""
