from xml.etree import ElementTree

from nexsock.model.status import Graph, GraphEdge, GraphNode
from nexsock.views import graph, graph_svg

SHOP = Graph(
    nodes=tuple(
        GraphNode(name=name, phase=phase)
        for name, phase in (("db", "ready"), ("migrate", "completed"), ("api", "ready"), ("web", "blocked"))
    ),
    edges=(
        GraphEdge(from_="migrate", to="db", condition="healthy"),
        GraphEdge(from_="api", to="migrate", condition="completed_successfully"),
        GraphEdge(from_="api", to="db", condition="healthy", tunnel=True),
        GraphEdge(from_="web", to="api", condition="healthy"),
    ),
    order=(("db",), ("migrate",), ("api",), ("web",)),
)


def test_the_tree_begins_with_what_nobody_needs_and_repeats_no_branch():
    assert graph.tree(SHOP, colour=False) == (
        "web  blocked\n"
        "└─ api (healthy)  ready\n"
        "   ├─ migrate (completed_successfully)  completed\n"
        "   │  └─ db (healthy)  ready\n"
        "   └─ db (healthy, tunnel)  ready\n"
    )


def test_a_branch_that_was_drawn_is_referred_to():
    twice = Graph(
        nodes=SHOP.nodes, edges=(*SHOP.edges, GraphEdge(from_="web", to="migrate", condition="started")), order=()
    )
    assert graph.tree(twice, colour=False).endswith("└─ migrate (started)  completed  see above\n")


def test_dot_points_from_a_service_to_what_it_needs():
    assert '"api" -> "db" [label="healthy, tunnel"];' in graph.dot(SHOP)


def test_mermaid_numbers_its_nodes():
    assert graph.mermaid(SHOP).splitlines()[:2] == ["flowchart LR", '  n0["db"]']
    assert "  n3 -->|healthy| n2" in graph.mermaid(SHOP)


def test_the_picture_is_well_formed_and_has_every_service_and_need():
    root = ElementTree.fromstring(graph_svg.svg(SHOP))
    space = "{http://www.w3.org/2000/svg}"
    assert [text.text for text in root.iter(f"{space}text")] == ["db", "migrate", "api", "web"]
    assert len(list(root.iter(f"{space}path"))) == 4


def test_a_picture_of_nothing_is_still_one():
    assert graph_svg.svg(Graph(nodes=(), edges=(), order=())).startswith("<svg")
