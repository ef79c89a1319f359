"""The dependencies of a project as a text tree, as dot and as mermaid."""

from nexsock.model.status import Graph, GraphEdge
from nexsock.views import style


def tree(graph: Graph, *, colour: bool) -> str:
    """Each service that nothing needs, with what it needs below it; a branch that was drawn before is not repeated."""
    needs: dict[str, list[GraphEdge]] = {node.name: [] for node in graph.nodes}
    for edge in graph.edges:
        needs.setdefault(edge.from_, []).append(edge)
    phases = {node.name: node.phase for node in graph.nodes}
    needed = {edge.to for edge in graph.edges}
    drawn: set[str] = set()
    lines: list[str] = []

    def branch(name: str, head: str, below: str, condition: str) -> None:
        again = name in drawn and bool(needs.get(name))
        drawn.add(name)
        words = style.paint(f" ({condition})", "dim", colour) if condition else ""
        more = style.paint("  see above", "dim", colour) if again else ""
        lines.append(f"{head}{name}{words}  {style.phase(phases.get(name, ''), colour)}{more}".rstrip() + "\n")
        edges = [] if again else needs.get(name, [])
        for index, edge in enumerate(edges):
            last = index == len(edges) - 1
            branch(edge.to, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "), _words(edge))

    for node in graph.nodes:
        if node.name not in needed:
            branch(node.name, "", "", "")
    return "".join(lines)


def _words(edge: GraphEdge) -> str:
    return edge.condition + (", tunnel" if edge.tunnel else "")


def dot(graph: Graph) -> str:
    """A digraph of Graphviz; an arrow points from a service to what it needs."""
    nodes = "".join(f'  "{node.name}" [tooltip="{node.phase}"];\n' for node in graph.nodes)
    edges = "".join(f'  "{edge.from_}" -> "{edge.to}" [label="{_words(edge)}"];\n' for edge in graph.edges)
    return f"digraph nexsock {{\n  rankdir=LR;\n  node [shape=box];\n{nodes}{edges}}}\n"


def mermaid(graph: Graph) -> str:
    """A flowchart of Mermaid. Names may hold characters that are no Mermaid ids, so nodes are numbered."""
    ids = {node.name: f"n{number}" for number, node in enumerate(graph.nodes)}
    nodes = "".join(f'  {ids[node.name]}["{node.name}"]\n' for node in graph.nodes)
    edges = "".join(
        f"  {ids[edge.from_]} -->|{_words(edge)}| {ids[edge.to]}\n"
        for edge in graph.edges
        if edge.from_ in ids and edge.to in ids
    )
    return f"flowchart LR\n{nodes}{edges}"
