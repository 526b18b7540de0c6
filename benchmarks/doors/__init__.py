"""The doors that `fuzz.py` knocks at: what comes in by each, how it is spoilt, and who reads it.

A door makes its whole inputs once, spoils one of them for a case, by its structure or byte by
byte, and opens the file as avef does. What it may raise are avef's own errors.
"""

from doors.films import Media
from doors.settings import Overrides, Parameters
from doors.shown import Names, Notebooks, Pages
from doors.stored import Arrays, Notes
from doors.tables import Tables

DOORS = {
    door.__name__.lower(): door
    for door in (Parameters, Overrides, Tables, Arrays, Media, Notes, Notebooks, Pages, Names)
}
