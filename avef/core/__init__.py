"""What everything stands on: files, stored results, workers, paths, errors.

Nothing here knows of the paper.
"""
