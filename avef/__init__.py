"""avef: a reproduction of the AVEF audio-visual emotion recognition paper."""
