import pytest

from nexsock.keeper import brain


@pytest.mark.parametrize(("stillborn", "delay_s"), [(1, 0.1), (2, 0.2), (5, 1.6), (7, 5), (50, 5)])
def test_brains_that_never_come_up_are_started_later_and_later(stillborn, delay_s):
    assert brain.restart_delay(lived_s=0.3, stillborn=stillborn) == delay_s


@pytest.mark.parametrize(("lived_s", "delay_s"), [(0.3, 0.1), (0.999, 0.1), (1, 0), (5000, 0)])
def test_a_brain_that_had_come_up_is_replaced_within_200_ms(lived_s, delay_s):
    assert brain.restart_delay(lived_s, stillborn=0) == delay_s
