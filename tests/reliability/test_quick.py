"""Every promise is kept in the quick run of its harness, and every harness detects its broken double."""

import pytest

from tests.reliability import harness, harnesses

SEED = 1


@pytest.mark.parametrize("name", harnesses.found())
def test_promise_is_kept(name):
    measured = harness.proven(harnesses.found()[name], SEED, full=False)
    assert measured.kept, measured
