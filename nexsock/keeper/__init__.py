"""The second process: starts services, is their parent, moves their log bytes, remembers how they ended.

Belongs here: the keeper's loop, its vocabulary (wire), spawn, pump, vault, the holder of terminals. Standard library
only, small modules only: nothing of nexsock outside this folder, no asyncio, no `typing` or `json` at run time, because
all of this lives as long as the user's services do. It decides nothing and knows no YAML.
"""
