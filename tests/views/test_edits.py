from msgspec.structs import replace

from nexsock.model.edit import EditStatus, ListedDependency
from nexsock.model.plan import Plan, Skip, Step
from nexsock.views import edits

DONE = EditStatus(service="web", files=("/shop/nexsock.yaml",), origin="nexsock.yaml:3:3")
STEP = Step(action="restart", service="web", reason="command changed", origin="nexsock.yaml:4:5")


def told(edited: EditStatus) -> str:
    return edits.render(edited, "changed", colour=False)


def test_a_change_is_told_with_its_place():
    assert told(DONE) == "web: changed, in nexsock.yaml:3:3\n"


def test_files_are_named_where_the_place_does_not_say_them():
    both = replace(DONE, files=("/shop/nexsock.yaml", "/shop/nexsock.override.yaml"))
    assert told(both) == "web: changed, in /shop/nexsock.yaml and /shop/nexsock.override.yaml\n"
    assert told(replace(DONE, files=("/shop/ci.yaml",))) == "web: changed, in /shop/ci.yaml\n"


def test_what_follows_is_told_and_what_is_left_alone_is_not():
    plan = Plan(steps=(STEP,), skips=(Skip(service="migrate", reason="inputs unchanged since run 1"),))
    assert told(replace(DONE, applied=True, plan=plan)) == (
        "web: changed, in nexsock.yaml:3:3\n± restart  web  command changed  nexsock.yaml:4:5\n"
    )


def test_an_edit_that_concerns_nothing_that_runs_says_so():
    assert told(replace(DONE, applied=True, plan=Plan())).endswith("\nNothing that runs is concerned.\n")


def test_what_is_so_already_is_told():
    assert told(replace(DONE, files=())) == "web: the file says so already (nexsock.yaml:3:3)\n"


def test_a_dependency_is_a_line_with_what_is_unusual_about_it():
    one = ListedDependency(service="web", on="db", condition="healthy", required=False, restart=True, origin="n:1:1")
    assert edits.dependencies((one,), colour=False).splitlines()[1] == (
        "web      db     healthy    optional, restart  n:1:1"
    )
