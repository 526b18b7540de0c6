"""The networks that the paper draws (§2.2, Fig. 1), one readable file each.

Audio-net (AlexNet), visual-net (C3D), what is done to their inputs on the device, the RBM
and the deep belief network.
"""
