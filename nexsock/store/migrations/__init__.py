"""The steps from one schema of the state document to the next, one module each, never changed once released.

A module has `up(document)` and `down(document)`: pure, document in, document out (store.tables.Document), and
`down(up(document)) == document`. The schema number in `meta` is set by the runner (store.migrate). Migrations speak of
plain values only, never of the model: the model goes on, an old file does not.
"""

NAMES = ("0001_base", "0002_runs", "0003_launches", "0004_plugins")
"""In order: the Nth leads from schema N - 1 to schema N."""
