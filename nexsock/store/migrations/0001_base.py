"""From nothing to the tables of the first schema.

service             id, name, repo_url, repo_path, port, status, config_id, and what supervision remembers;
                    `runs`: its history, oldest first
service_config      id, filename, format, run_command
service_dependency  id, service_id, dependent_service_id, tunnel_enabled
meta                schema, id, name, directory, files, selection
"""

from nexsock.store.tables import Document

TABLES = ("service", "service_config", "service_dependency")


def up(document: Document) -> Document:
    return {**document, "meta": {"1": {}}, **{table: {} for table in TABLES}}


def down(document: Document) -> Document:
    return {table: rows for table, rows in document.items() if table != "meta" and table not in TABLES}
