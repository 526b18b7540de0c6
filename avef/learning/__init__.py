"""Learning (§2.2): transfer, one modality, the whole model, and the clip's SVM (§2.2.4).

The grid of Tables 4–7 is trained cell by cell; a finished cell is a file.
"""
