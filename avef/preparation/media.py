"""What a media file holds: its sound and its pictures, each on the container's clock.

The one name for reading; how it is done is in :mod:`avef.preparation.sound`,
:mod:`avef.preparation.pictures` and :mod:`avef.preparation.container`.
"""

from avef.preparation.container import describe
from avef.preparation.pictures import Video, read_video
from avef.preparation.sound import Audio, read_audio

__all__ = ["Audio", "Video", "describe", "read_audio", "read_video"]
