"""Every choice that a run makes: ``params.yaml``, read and checked, and the profiles.

The paper's settings (§4.2, Table 3) are the profile ``paper``.
"""
