"""Starts a program again with large pages of memory, which glibc grants only from the start."""

import os
import sys

TUNABLE = "GLIBC_TUNABLES"
LARGE_PAGES = "glibc.malloc.hugetlb=1"


def restart_with_large_pages() -> None:
    """Starts this process again, same words and same number, with 2 MB pages for large arrays.

    On CPU every training step takes its buffers anew from the system, 80 MB for the preset `cpu`;
    page by page of 4 kB that is a sixth of the step's time. Returns where there is nothing to do:
    on other systems than Linux, or when GLIBC_TUNABLES is already set, by the user or by this.
    """
    if sys.platform == "linux" and sys.executable and TUNABLE not in os.environ:
        words = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, words, {**os.environ, TUNABLE: LARGE_PAGES})
