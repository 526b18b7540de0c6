"""Audio-net (§2.2.1) and visual-net (§2.2.2).

Both are plain stacks of named layers, so that the shallow ones can be kept and
the deep ones trained (§2.2). At width 1 they have the published sizes of
AlexNet [1] and C3D [2], with an output layer of C classes.

[1] Krizhevsky, Sutskever, Hinton (2012). ImageNet classification with deep
    convolutional neural networks.
[2] Tran, Bourdev, Fergus, Torresani, Paluri (2015). Learning spatiotemporal
    features with 3D convolutional networks. Initial weights: conv3d_ucf101_train.prototxt
    and c3d_sport1m_feature_extractor_frm.prototxt of the authors' release, which agree.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from avef.core.errors import ParameterError

INITIAL = ("he_normal", "published")
#: Published initial weights: deviation of the Gaussian kernels, and the biases.
ALEXNET_START = {  # [1] §5
    **dict.fromkeys(("conv1", "conv3", "fc8"), (0.01, 0)),
    **dict.fromkeys(("conv2", "conv4", "conv5", "fc6", "fc7"), (0.01, 1)),
}
C3D_START = {  # [2]
    **dict.fromkeys(("conv1a", "fc8"), (0.01, 0)),
    **dict.fromkeys(("conv2a", "conv3a", "conv3b", "conv4a", "conv4b"), (0.01, 1)),
    **dict.fromkeys(("conv5a", "conv5b"), (0.01, 1)),
    **dict.fromkeys(("fc6", "fc7"), (0.005, 1)),
}


def audio_net(
    classes: int,
    width: float = 1.0,
    input_size: int = 227,
    *,
    dropout: float = 0.3,
    initial: str = "he_normal",
) -> keras.Sequential:
    """AlexNet on the mel image of a segment (§2.2.1).

    Parameters
    ----------
    classes : int
        C: 6 emotions, or 2 for arousal and for valence.
    width : float
        Scales the number of filters and hidden units; 1 is the published size.
    input_size : int, ≥ 67
        Height and width of the input image; the smallest that five
        convolutions and three poolings can take is 67.
    dropout : float in 0…1
        After fc6 and fc7 (Table 3).
    initial : {"he_normal", "published"}
        Kernels by He et al., the output layer's by Glorot and Bengio, and biases of 0; or
        the Gaussian kernels and the biases of the published network.

    Returns
    -------
    keras.Sequential
        (B, input_size, input_size, 3) → (B, C), softmax.
    """
    if input_size < 67:
        raise ParameterError(f"audio input_size must be at least 67, got {input_size}")
    n = _scaled(width)
    # Sizes in comments: width 1, input 227.
    stack = [
        _conv2d("conv1", n(96), 11, strides=4, padding="valid"),  # (B, 55, 55, 96)
        ResponseNorm(name="norm1"),
        layers.MaxPooling2D(3, 2, name="pool1"),  # (B, 27, 27, 96)
        _conv2d("conv2", n(256), 5, groups=2),  # (B, 27, 27, 256)
        ResponseNorm(name="norm2"),
        layers.MaxPooling2D(3, 2, name="pool2"),  # (B, 13, 13, 256)
        _conv2d("conv3", n(384), 3),  # (B, 13, 13, 384)
        _conv2d("conv4", n(384), 3, groups=2),
        _conv2d("conv5", n(256), 3, groups=2),  # (B, 13, 13, 256)
        layers.MaxPooling2D(3, 2, name="pool5"),  # (B, 6, 6, 256)
        *_head(classes, n(4096), dropout),
    ]
    _start(stack, initial, ALEXNET_START)
    return _built(stack, (input_size, input_size, 3), "audio_net")


def visual_net(
    classes: int,
    width: float = 1.0,
    input_size: int = 112,
    *,
    dropout: float = 0.3,
    initial: str = "he_normal",
) -> keras.Sequential:
    """C3D on the 16 faces of a segment (§2.2.2).

    Parameters
    ----------
    classes, width, dropout, initial
        As in :func:`audio_net`.
    input_size : int, ≥ 16
        Height and width of a face.

    Returns
    -------
    keras.Sequential
        (B, 16, input_size, input_size, 3) → (B, C), softmax.
    """
    if input_size < 16:
        raise ParameterError(f"visual input_size must be at least 16, got {input_size}")
    n = _scaled(width)
    # Sizes in comments: width 1, input 112.
    stack = [
        _conv3d("conv1a", n(64)),  # (B, 16, 112, 112, 64)
        layers.MaxPooling3D((1, 2, 2), name="pool1"),  # (B, 16, 56, 56, 64)
        _conv3d("conv2a", n(128)),
        layers.MaxPooling3D(2, name="pool2"),  # (B, 8, 28, 28, 128)
        _conv3d("conv3a", n(256)),
        _conv3d("conv3b", n(256)),
        layers.MaxPooling3D(2, name="pool3"),  # (B, 4, 14, 14, 256)
        _conv3d("conv4a", n(512)),
        _conv3d("conv4b", n(512)),
        layers.MaxPooling3D(2, name="pool4"),  # (B, 2, 7, 7, 512)
        _conv3d("conv5a", n(512)),
        _conv3d("conv5b", n(512)),
        layers.MaxPooling3D(2, padding="same", name="pool5"),  # (B, 1, 4, 4, 512)
        *_head(classes, n(4096), dropout),
    ]
    _start(stack, initial, C3D_START)
    return _built(stack, (16, input_size, input_size, 3), "visual_net")


def split(net: keras.Sequential, keep: str | None) -> tuple[keras.Sequential, keras.Sequential]:
    """Part a network into its kept shallow layers and its deep ones (§2.2).

    Parameters
    ----------
    net : keras.Sequential
    keep : str
        The last layer kept, such as ``"conv3b"``; the poolings and
        normalisations that follow it, having no weights, go with it. None keeps nothing.

    Returns
    -------
    (shallow, deep) : keras.Sequential
        They share their layers with ``net``.
    """
    if keep is None:
        return _built([layers.Identity(name="kept")], net.input_shape[1:], "nothing"), net
    names = [layer.name for layer in net.layers]
    if keep not in names or not names.index(keep) < names.index("flatten"):
        allowed = ", ".join(n for n in names if n.startswith("conv"))
        raise ParameterError(f"keep must be one of {allowed} for {net.name}, got {keep!r}")
    end = names.index(keep) + 1
    while not net.layers[end].weights and names[end] != "flatten":
        end += 1
    shallow = _built(net.layers[:end], net.input_shape[1:], f"{net.name}_shallow")
    return shallow, _built(net.layers[end:], shallow.output_shape[1:], f"{net.name}_deep")


def features(net: keras.Sequential) -> keras.Sequential:
    """The network up to fc7: (B, …) → (B, 4096·width), ≥ 0 (§2.2.3)."""
    end = [layer.name for layer in net.layers].index("fc7") + 1
    return _built(net.layers[:end], net.input_shape[1:], f"{net.name}_fc7")


@keras.saving.register_keras_serializable("avef")
class GroupedConv2D(layers.Conv2D):
    """Conv2D whose groups are convolutions of their own: the same sums, faster on a CPU."""

    def convolution_op(self, inputs, kernel):
        """(B, H, W, C) and (k, k, C / groups, filters) → (B, H', W', filters)."""
        if self.groups == 1:
            return super().convolution_op(inputs, kernel)
        parts = zip(
            ops.split(inputs, self.groups, axis=-1),
            ops.split(kernel, self.groups, axis=-1),
            strict=True,
        )
        return ops.concatenate([super(GroupedConv2D, self).convolution_op(*p) for p in parts], -1)


@keras.saving.register_keras_serializable("avef")
class ResponseNorm(layers.Layer):
    """Local response normalisation across 5 neighbouring channels, as in [1] §3.3."""

    def __init__(self, radius=2, bias=2.0, alpha=1e-4, beta=0.75, **kwargs):
        super().__init__(**kwargs)
        self.radius, self.bias, self.alpha, self.beta = radius, bias, alpha, beta

    def call(self, x):
        """(B, H, W, C) → (B, H, W, C)."""
        channels = x.shape[-1]
        near = range(-self.radius, self.radius + 1)
        band = sum(np.eye(channels, k=k, dtype=np.float32) for k in near)  # sums neighbours
        energy = ops.matmul(ops.square(x), ops.cast(band, x.dtype))
        return x * ops.power(self.bias + self.alpha * energy, -self.beta)

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape

    def get_config(self):
        """What the constructor takes."""
        own = {k: getattr(self, k) for k in ("radius", "bias", "alpha", "beta")}
        return super().get_config() | own


def _scaled(width):
    if not 0 < width <= 4:
        raise ParameterError(f"width must lie in (0, 4], got {width}")
    # Even numbers, so that two groups divide them.
    return lambda units: max(2, 2 * round(units * width / 2))


def _conv2d(name, filters, size, **options):
    options = {"padding": "same", "activation": "relu", "kernel_initializer": "he_normal"} | options
    return GroupedConv2D(filters, size, name=name, **options)


def _conv3d(name, filters):
    return layers.Conv3D(
        filters, 3, padding="same", activation="relu", kernel_initializer="he_normal", name=name
    )


def _head(classes, units, dropout):
    if classes < 2:
        raise ParameterError(f"classes must be at least 2, got {classes}")
    return [
        layers.Flatten(name="flatten"),  # (B, 9216) in audio-net, (B, 8192) in visual-net
        layers.Dense(units, "relu", kernel_initializer="he_normal", name="fc6"),
        layers.Dropout(dropout, name="drop6"),
        layers.Dense(units, "relu", kernel_initializer="he_normal", name="fc7"),
        layers.Dropout(dropout, name="drop7"),
        layers.Dense(classes, "softmax", dtype="float32", name="fc8"),
    ]


def _start(stack, initial, published):
    """Give the layers, not built yet, the published initialisers if these are asked for."""
    if initial not in INITIAL:
        raise ParameterError(f"initial must be one of {', '.join(INITIAL)}, got {initial!r}")
    for layer in stack:
        if initial == "published" and layer.name in published:
            deviation, bias = published[layer.name]
            layer.kernel_initializer = keras.initializers.RandomNormal(stddev=deviation)
            layer.bias_initializer = keras.initializers.Constant(bias)


def _built(stack, shape, name):
    return keras.Sequential([keras.Input(shape), *stack], name=name)
