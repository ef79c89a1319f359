import pytest

from tests.simulation.history import History, explain


def test_whatever_happens_the_world_becomes_what_was_asked_for(seeds):
    for seed in seeds:
        history = History(seed)
        try:
            history.run()
        except Exception as problem:
            pytest.fail(explain(history, seed, problem), pytrace=True)
