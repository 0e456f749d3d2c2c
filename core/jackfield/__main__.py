"""`python -m jackfield` is the command `jackfield`.

`new-connector` goes its own way, for authors who have the extra `testing` and no other.
"""

import sys

if __name__ == "__main__":
    if sys.argv[1:2] == ["new-connector"]:
        from jackfield.testing.new_connector import main as new_connector

        sys.exit(new_connector(sys.argv[2:]))
    from jackfield.cli import main

    main()
