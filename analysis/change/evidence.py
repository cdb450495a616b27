"""What is known of each song that the tests of a change go by."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Evidence:
    """What is known of each song; none of it may depend on the eras."""

    z: np.ndarray
    """[songs, dimensions] latent vectors."""

    theme: np.ndarray | None = None
    """[songs] name of the theme, "" for none."""

    descriptors: np.ndarray | None = None
    """[songs, quantities] acoustic descriptors, NaN where not measured."""

    def take(self, songs: np.ndarray) -> "Evidence":
        """Evidence of some songs, by a mask or their numbers."""
        theme, descriptors = (
            None if values is None else values[songs] for values in (self.theme, self.descriptors)
        )
        return Evidence(self.z[songs], theme, descriptors)
