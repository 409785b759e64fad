"""`python -m kubefedctl`: the same as the console script."""

from kubefedctl.cli.app import main

if __name__ == "__main__":
    raise SystemExit(main())
