"""The third process, which exists only while there are tunnels: it forwards what comes in at their addresses.

Belongs here: the relay's loop, its vocabulary (wire), the tunnels, the ssh programs that some of them go through.
Standard library and `keeper.channel` only, small modules only. It outlives brain and keeper, as the services do that
have connections through it. It knows no project and decides nothing about services: it is told where each address
leads and whether it may be passed.
"""
