"""Measure nexsock beside its peers and beside the least that a machine can do, in one run: `python -m bench --help`.

Nothing here is imported by nexsock or by its users. Standard library only; Linux. Who starts what, and where:

    machine, events     what /proc and the kernel tell about processes
    tools/              one adapter a supervisor: write its configuration, start, stop, ask, reload
    trial               one tool in one temporary folder, from its configuration to the end of its last process
    measures/           what is measured, each a function from tool and options to a record
    summary             records to a table of medians and ratios
    programs/           what is run: the floor (the least useful supervisor) and services
"""
