"""The `course` command and everything behind it: see autograder/README.md for the picture."""

import sys

# nbformat's jsonschema would load it, to check internationalised addresses that no notebook has, and
# it builds its grammars for a second when it is imported. jsonschema does without where it is missing.
sys.modules.setdefault("rfc3987_syntax", None)
