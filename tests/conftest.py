import os
from pathlib import Path

import jax
import pytest

jax.config.update("jax_numpy_rank_promotion", "raise")

COMPILED_ONCE_S = 0.5
"""What takes longer to compile is kept for the other tests, s."""

RECORDINGS = Path(__file__).parents[2] / "shared" / "recordings"


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of real recordings beside the project; tests that need it skip without it."""
    if not RECORDINGS.is_dir():
        pytest.skip("no shared recordings beside the project")
    return RECORDINGS


@pytest.fixture(autouse=True, scope="session")
def single_precision() -> None:
    """JAX as users have it: scikit-bio, once imported, turns double precision on everywhere."""
    jax.config.update("jax_enable_x64", False)


@pytest.fixture(autouse=True, scope="session")
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A program compiles once, however many tests use it, those in processes of their own too."""
    cache = {
        "jax_compilation_cache_dir": str(tmp_path_factory.mktemp("compiled")),
        "jax_persistent_cache_min_compile_time_secs": COMPILED_ONCE_S,
    }
    for name, value in cache.items():
        jax.config.update(name, value)
        os.environ[name.upper()] = str(value)
