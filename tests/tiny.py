"""The smallest networks that still have every layer, for tests that train or load some."""

from avef.config.schema import Dbn, Keep, Net, Networks

NETS = Networks(
    audio=Net(width=1 / 32, input_size=67, dropout=0.3),
    visual=Net(width=1 / 32, input_size=16, dropout=0.3),
    dbn=Dbn(hidden=[8, 4], visible="gaussian", dropout=0.0),
    initial="he_normal",
    weight_decay=0.0,
)
KEEP = Keep(audio="conv2", visual="conv3b", dbn=1, tune=False)
