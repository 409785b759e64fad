"""
The process of a long-running sandbox; `kubefedctl sandbox up` starts it, not people.

    python -m kubefedctl.sandbox --directory DIR CLUSTER...
"""

from __future__ import annotations

import argparse
from pathlib import Path

from kubefedctl.sandbox.daemon import serve


def main() -> None:
    """Read the arguments and serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m kubefedctl.sandbox", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="state folder")
    parser.add_argument("--ready", type=int, default=-1, help="descriptor to say `ready` on")
    parser.add_argument("--lock", type=int, default=-1, help="descriptor of the held lock")
    parser.add_argument("clusters", nargs="+", help="names of the clusters")
    given = parser.parse_args()
    serve(given.directory, given.clusters, ready=given.ready, lock=given.lock)


if __name__ == "__main__":
    main()
