"""C3D's training step in PyTorch: bfloat16, channels last, what the GPU benchmark compares with.

    python gpu_torch.py JOB SIZE OUT

A part of `gpu.sh`, which starts it; `train.py` takes the network from here, too.
"""

import sys
from contextlib import nullcontext

import numpy as np
from gpu import Notes, sized, timed

CLASSES = 6


def torch_c3d(net):
    """C3D as :func:`avef.models.networks.visual_net` builds it, in PyTorch, without the softmax."""
    from torch import nn

    def units(n):
        return max(2, 2 * round(n * net.width / 2))

    stack, before, size = [], 3, [16, net.input_size, net.input_size]
    for filters, count in ((64, 1), (128, 1), (256, 2), (512, 2), (512, 2)):
        for _ in range(count):
            stack += [nn.Conv3d(before, units(filters), 3, padding=1), nn.ReLU()]
            before = units(filters)
        pool, last = ((1, 2, 2) if filters == 64 else (2, 2, 2)), size[0] == 2
        stack.append(nn.MaxPool3d(pool, ceil_mode=last))
        size = [-(-n // p) if last else n // p for n, p in zip(size, pool, strict=True)]
    wide = units(4096)
    stack += [nn.Flatten(), nn.Linear(before * int(np.prod(size)), wide), nn.ReLU()]
    stack += [nn.Dropout(net.dropout), nn.Linear(wide, wide), nn.ReLU(), nn.Dropout(net.dropout)]
    return nn.Sequential(*stack, nn.Linear(wide, CLASSES))


def trainer(net, x, y, *, batch, low):
    """Epochs of SGD with momentum on tensors that lie on the network's device, as a call.

    With `low` in bfloat16, else in float32. The call waits for the device.
    """
    import torch

    optimiser = torch.optim.SGD(net.parameters(), 0.001, momentum=0.9)

    def step(rows):
        optimiser.zero_grad()
        lower = torch.autocast(x.device.type, torch.bfloat16) if low else nullcontext()
        with lower:
            loss = torch.nn.functional.cross_entropy(net(x[rows]), y[rows])
        loss.backward()
        optimiser.step()
        return loss

    def epochs(n):
        for _ in range(n):
            for rows in torch.randperm(len(x), device=x.device).split(batch):
                loss = step(rows)
        return loss.item()

    return epochs


def main(job, size, out):
    """Note the samples a second of every layer's training, and how many weights there are."""
    import torch

    job, notes = sized(job, size), Notes(out)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cudnn.benchmark = True  # as XLA does: the fastest kernel of each shape
    last = {"memory_format": torch.channels_last_3d}
    net = torch_c3d(job.networks.visual).to(device, **last).train()
    side, batch = job.networks.visual.input_size, job.batch.visual
    count = job.batches * batch
    x = torch.randn(count, 3, 16, side, side, device=device).to(torch.bfloat16).to(**last)
    y = torch.arange(count, device=device) % CLASSES
    told = timed(trainer(net, x, y, batch=batch, low=True), count, job.seconds)
    told["weights"] = sum(p.numel() for p in net.parameters())
    notes.add(["torch"], told | {"batch": batch, "device": device})


if __name__ == "__main__":
    main(*sys.argv[1:])
