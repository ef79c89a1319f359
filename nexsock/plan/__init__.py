"""What is wanted against what is true, and the steps between. Pure: reads no file, clock, process or socket."""
