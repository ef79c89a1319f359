import pytest

from nexsock.keeper import brain


@pytest.mark.parametrize(("quick_deaths", "delay_s"), [(0, 0), (1, 0.1), (2, 0.2), (5, 1.6), (7, 5), (50, 5)])
def test_a_brain_that_ends_at_once_is_started_later_and_later(quick_deaths, delay_s):
    assert brain.restart_delay(quick_deaths) == delay_s
