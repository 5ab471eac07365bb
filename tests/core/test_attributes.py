import numpy as np

from core.attributes import carried
from core.codes import MISSING


def test_what_has_no_value_is_left_out():
    none = MISSING
    queries = np.array([0, 0, none, 1])
    neighbors = np.array([[0, 1, none], [none, none, none], [0, 0, 0], [1, 1, none]])
    shares, counted = carried(queries, neighbors)
    np.testing.assert_array_equal(counted, [True, False, False, True])
    np.testing.assert_array_equal(shares[counted], [0.5, 1.0])
