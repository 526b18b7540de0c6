"""What everything stands on: files, stored results, workers, paths, errors.

Nothing here knows of the paper but the folders' names of its stages.
"""
