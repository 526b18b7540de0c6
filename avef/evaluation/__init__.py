"""What the results are worth (§4.3): scores, intervals, Tables 3–10, claims and verdicts.

And the paper's own figures checked against each other.
"""
