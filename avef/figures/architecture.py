"""Fig. 1: the architecture, drawn from the networks themselves."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

WIDTH = 2.6  # of a box, in the drawing's units
COLOURS = {"conv": "#CFE3F1", "pool": "#E8E8E8", "fc": "#F6DFC8", "dbn": "#CDE9DF", "end": "white"}


def architecture(
    audio: keras.Sequential, visual: keras.Sequential, hidden: Sequence[int]
) -> plt.Figure:
    """Both networks, the DBN on their fc7, pooling and SVM (Fig. 1).

    Parameters
    ----------
    audio, visual : keras.Sequential
        From :mod:`avef.models.networks`; sizes are read from their layers.
    hidden : sequence of int
        Of the DBN.
    """
    joined = sum(net.get_layer("fc7").output.shape[-1] for net in (audio, visual))
    sizes = [joined, *hidden, audio.output_shape[-1]]
    deep = [(str(size), "dbn") for size in sizes]
    deep += [("mean over segments", "end"), ("polynomial SVM", "end")]
    columns = [
        (0.0, "audio-net", _boxes(audio, "mel image")),
        (4.0, "DBN on [fc7, fc7]", deep),
        (8.0, "visual-net", _boxes(visual, "16 faces")),
    ]
    height = max(len(boxes) for _, _, boxes in columns)
    figure, axis = plt.subplots(figsize=(8, 0.34 * height + 0.4))
    for x, name, boxes in columns:
        _column(axis, x, boxes)
        axis.text(x, len(boxes) - 0.2, name, ha="center", weight="bold")
    arrow = {"arrowstyle": "->", "color": "0.4"}
    for side in (-1, 1):  # from both fc7, at the bottom, to the first layer of the DBN
        start = 4 + side * (4 - WIDTH / 2)
        tip = 4 + side * WIDTH / 2
        axis.annotate("", (tip, len(deep) - 1), (start, 0), arrowprops=arrow)
    axis.set(xlim=(-1.6, 9.6), ylim=(-0.6, height + 0.4))
    axis.axis("off")
    return figure


def _boxes(net, source):
    """(text, kind) of the input and every layer up to fc7."""
    boxes = [(f"{source} {_size(net.input_shape)}", "end")]
    for layer in net.layers:
        kind = next((k for k in ("conv", "pool", "fc") if layer.name.startswith(k)), None)
        if kind and layer.name != "fc8":
            boxes.append((f"{layer.name}  {_size(layer.output.shape)}", kind))
    return boxes


def _size(shape):
    return "×".join(str(n) for n in shape[1:])


def _column(axis, x, boxes):
    for y, (text, kind) in enumerate(reversed(boxes)):
        axis.add_patch(
            FancyBboxPatch(
                (x - WIDTH / 2, y - 0.33),
                WIDTH,
                0.66,
                boxstyle="round,pad=0.02,rounding_size=0.1",
                fc=COLOURS[kind],
                ec="0.5",
                lw=0.6,
            )
        )
        axis.text(x, y, text, ha="center", va="center", fontsize=7)
        if y:
            axis.plot([x, x], [y - 0.35, y - 0.65], color="0.4", lw=0.8)
