"""What is wanted is kept before anything is done for it, so that the next brain knows when this one is killed."""

import pytest

from nexsock.model.state import Selection, Wants

EVERYTHING = Selection(everything=True)


@pytest.fixture
def shop(make, stage):
    return stage(make("db"), make("web", {"db": "started"}))


def test_an_up_is_kept_before_its_first_launch(shop):
    shop.up()
    assert shop.intended == [(Wants(selection=EVERYTHING), 0)]
    assert shop.orders


def test_a_stop_is_kept_before_the_end_is_asked_for(shop):
    shop.up()
    shop.launched("db")
    shop.intended.clear()
    before = len(shop.orders)
    shop.reconciler.stop(["db"])
    assert shop.intended == [(Wants(selection=EVERYTHING, intents={"db": "stopped"}), before)]
    assert shop.orders[before:] == ["end db"]


def test_what_is_wanted_already_is_not_kept_again(shop):
    shop.up()
    shop.up()
    assert len(shop.intended) == 1


def test_after_a_down_nothing_is_wanted(shop):
    shop.up()
    shop.reconciler.stop(["web"])
    shop.reconciler.down()
    assert shop.intended[-1][0] == Wants()
