import numpy as np

from chingolo.train.objective.decay import decayed


def test_weights_decay_by_name_whatever_their_shape():
    flat, square = np.zeros(4), np.zeros((1, 4))
    params = {
        "query": {"kernel": square, "bias": square},
        "norm": {"scale": square, "bias": flat},
        "encoder": {"bands": square, "Dense_0": {"kernel": square, "bias": flat}},
        "heads": {"prototypes": square, "classes": square},
    }
    assert decayed(params) == {
        "query": {"kernel": True, "bias": False},
        "norm": {"scale": False, "bias": False},
        "encoder": {"bands": False, "Dense_0": {"kernel": True, "bias": False}},
        "heads": {"prototypes": True, "classes": True},
    }
