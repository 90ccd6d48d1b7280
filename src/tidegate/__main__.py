"""`python -m tidegate`: the same as the command `tidegate`."""

import sys

if __name__ == "__main__":
    # What follows cannot be imported by an older Python, so this is written for any.
    if sys.version_info < (3, 11):  # noqa: UP036
        sys.exit(
            "error: tidegate needs Python 3.11 or newer; this is {}.{}".format(*sys.version_info)
        )

    from tidegate.cli import main

    sys.exit(main())
