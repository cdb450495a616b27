"""`make bench`: the speed figures, each beside a peer measured in the same run."""

from benchmarks import synthesis

if __name__ == "__main__":
    print(synthesis.measure().to_string(index=False, float_format=lambda value: f"{value:.5f}"))
