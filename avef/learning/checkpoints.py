"""What a training remembers between epochs: its curve, its best epoch, where to go on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import keras
import numpy as np

from avef.core import store
from avef.core.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

    from avef.learning.grid import Checkpoint


class EpochLog(keras.callbacks.Callback):
    """Keeps the curve; with held-out speakers the best epoch; with a checkpoint the state.

    Parameters
    ----------
    checkpoint : Checkpoint or None
    patience : int or None
        Epochs without a lower held-out loss after which to stop; None for never.
    """

    def __init__(self, checkpoint: Checkpoint | None, patience: int | None):
        super().__init__()
        self.checkpoint, self.patience = checkpoint, patience
        self.rows: list[list[float]] = []
        self.best = 0
        self.weights: list[np.ndarray] = []
        self.written = time.monotonic()

    @property
    def over(self) -> bool:
        """Whether patience has run out."""
        if self.patience is None or self.best == 0:
            return False
        return len(self.rows) - self.best >= self.patience

    def resume(self, model: keras.Model) -> int:
        """Bring a model back to where the checkpoint stands; the number of epochs done."""
        if self.checkpoint is None or not store.has(self.checkpoint.path, self.checkpoint.key):
            return 0
        arrays = store.load(self.checkpoint.path)
        model.optimizer.build(model.trainable_variables)  # its momentum is part of the state
        self.rows, self.best = arrays["rows"].tolist(), int(arrays["best"])
        for number, variable in enumerate(_state(model)):
            variable.assign(arrays[f"state{number}"])
        self.weights = [arrays[f"best{n}"] for n in range(int(arrays["kept"]))]
        return len(self.rows)

    def on_epoch_end(self, epoch, logs=None):
        """Note the epoch; stop or write where it is time to."""
        names = ("loss", "accuracy", "val_loss", "val_accuracy")
        self.rows.append([float((logs or {}).get(name, np.nan)) for name in names])
        self._require_finite(epoch + 1)
        if self.patience is not None:
            held = [row[2] for row in self.rows]
            if int(np.argmin(held)) == epoch:
                self.best = epoch + 1
                self.weights = [_array(v) for v in self.model.trainable_variables]
            if self.over:
                self.model.stop_training = True
        due = self.checkpoint and time.monotonic() - self.written >= self.checkpoint.seconds
        if due:
            self._write()

    def finish(self, model: keras.Model) -> None:
        """Bring the best epoch's weights back."""
        for variable, weights in zip(model.trainable_variables, self.weights, strict=False):
            variable.assign(weights)

    def table(self) -> pd.DataFrame:
        """``epoch`` and ``COLUMNS``, of which the last two only with held-out speakers."""
        import pandas as pd  # here, and not above: who only trains needs neither of these

        from avef.learning.grid import COLUMNS

        curve = pd.DataFrame(np.round(self.rows, 6), columns=COLUMNS)
        curve = curve if self.patience else curve[["loss", "accuracy"]]
        curve.insert(0, "epoch", np.arange(1, len(curve) + 1))
        return curve

    def _require_finite(self, epoch):
        """A loss that is no number ends the training: nothing good can follow from it."""
        watched = self.rows[-1][::2] if self.patience is not None else self.rows[-1][:1]
        if not np.isfinite(watched).all():
            cell = (
                self.checkpoint.path.name[1:].removesuffix(".part.npz") if self.checkpoint else ""
            )
            raise ParameterError(
                f"{cell or 'training'}: the loss of epoch {epoch} is not finite; lower the stage's "
                "learning_rate, or set its clip_norm (1.0, say)"
            )

    def _write(self):
        states = {f"state{n}": _array(v) for n, v in enumerate(_state(self.model))}
        bests = {f"best{n}": w for n, w in enumerate(self.weights)}
        store.save(
            self.checkpoint.path,
            self.checkpoint.key,
            rows=np.array(self.rows),
            best=np.array(self.best),
            kept=np.array(len(bests)),
            **states,
            **bests,
        )
        self.written = time.monotonic()


def _state(model):
    """All that training changes: weights, the dropouts' coins, the optimiser."""
    coins = [v for v in model.variables if v.name == "seed_generator_state"]
    return [*model.trainable_variables, *coins, *model.optimizer.variables]


def _array(variable):
    return keras.ops.convert_to_numpy(variable)
