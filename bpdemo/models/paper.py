"""`paper`: time slices of the map -> deep residual network -> BiLSTM -> ranges and the value inside each range.

As Zhuang et al. 2022 (arXiv 2203.03634; Sensors 2023, 23(6), 2963) draw it: a slicer cuts the map into time slices, a
deep residual 2-D network reads each slice, a BiLSTM runs across them, and the heads (`heads.py`) answer. Length and hop
of the slices, all sizes, and how the map is scaled are not published; those here are ours and travel with the weights.

```
stmap [B, 4, cells, columns], mask [B, cells, columns]
  -> scale             entries that were not measured are 0; by the root mean square of T over the others
  -> slices            [B, N, 4, cells, slice columns], half overlapping; those without a measured entry are left out
  -> residual network  of each slice, averaged over cells and columns -> one vector
  -> BiLSTM            across the slices; mean of its states -> features
  -> two range heads
```

The residual network is that of He, Zhang, Ren, Sun: *Deep residual learning for image recognition*, CVPR 2016, in
blocks of two convolutions; with two blocks of 64, 128, 256 and 512 channels each it is their 18-layer one. Its stem
halves columns and not rows: a map has 30 rows only. Rows are cells in the map's order, as in the paper: a convolution
over rows sees cells of one region beside each other.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bpdemo.models.config import PaperConfig
from bpdemo.models.heads import Prediction, RangeHead, read_across
from bpdemo.models.inputs import Inputs, draw_hidden
from bpdemo.models.pressure_model import Member
from bpdemo.regions import CELLS, REGIONS
from bpdemo.stmap import CHANNELS, RATE_HZ

_T = CHANNELS.index("T")
_EPSILON = 1e-6
_QUICK_WIDTH = 64  # of the last stage: all regions left out in turn take a CPU half a second in the full size
_STEM_STRIDE = 4  # columns
_STRETCH = 45  # columns, 1.5 s: what is hidden of the time in training comes in pieces of half a slice


class Network(Member):
    """Map -> prediction (see the module's text)."""

    ABOUT = (
        f"The map, {len(CELLS)} rows in {len(CHANNELS)} channels, is cut into half overlapping slices of time. A deep "
        "residual network reads each slice, and a BiLSTM reads across them."
    )

    config: PaperConfig

    def __init__(self, config: PaperConfig) -> None:
        super().__init__(config)
        self.slice_columns = config.slice_columns
        width, features = config.widths[0], 2 * config.hidden
        self.stem = nn.Sequential(
            nn.Conv2d(len(CHANNELS), width, 7, stride=(1, 2), padding=3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d((1, 3), stride=(1, 2), padding=(0, 1)),
        )
        blocks: list[nn.Module] = []
        for stage, (count, width_out) in enumerate(zip(config.blocks, config.widths, strict=True)):
            for number in range(count):
                blocks.append(_Block(width, width_out, stride=2 if stage and not number else 1))
                width = width_out
        self.blocks = nn.Sequential(*blocks)
        self.lstm = nn.LSTM(width, config.hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(config.dropout)
        self.systolic = RangeHead(features, config.systolic_edges, config.dropout)
        self.diastolic = RangeHead(features, config.diastolic_edges, config.dropout)
        # The same numbers in another order in memory: a quarter less time on CPUs.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # which torch's types leave out

    @staticmethod
    def tensors(windows: Inputs) -> tuple[Tensor, Tensor]:
        """Return map and mask of some windows, as `forward` takes them.

        Raises:
            ValueError: the windows carry no maps.
        """
        if windows.stmap is None or windows.mask is None:
            raise ValueError("the windows carry no maps")
        return torch.from_numpy(windows.stmap).float(), torch.from_numpy(windows.mask)

    @staticmethod
    def augment(tensors: tuple[Tensor, ...], rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Return a batch with entries of the mask that are False where something is hidden; something is left of all.

        Some cells are hidden, as by a hand or hair, and in most batches some stretches of time, as in a shorter clip.
        """
        stmap, mask = tensors
        batch, cells, columns = mask.shape
        stretches = -(-columns // _STRETCH)
        kept, seen = draw_hidden(batch, stretches, cells, rng)
        in_time = np.repeat(kept, _STRETCH, axis=1)[:, None, :columns]
        left = mask & torch.from_numpy(seen[:, :, None] & in_time).to(mask.device)
        # Where what is left was not measured, the window stays as it was.
        return stmap, torch.where(left.any(dim=(1, 2), keepdim=True), left, mask)

    def pulse_features(self, tensors: tuple[Tensor, ...]) -> tuple[Tensor, float]:
        """Return what stem and first stage make of whole maps, by region: [B, F, regions, columns / 4]."""
        stmap, mask = tensors
        x = self.blocks[: self.config.blocks[0]](self.stem(scale_map(stmap, mask)))
        seen = mask.float().mean(dim=-1, keepdim=True).transpose(1, 2)  # [B, 1, cells]
        of_region = torch.tensor([[cell.region == region for cell in CELLS] for region in REGIONS], device=seen.device)
        share = seen * of_region
        share = torch.where(share.any(dim=-1, keepdim=True), share, seen)
        share = share / share.sum(dim=-1, keepdim=True).clamp(min=_EPSILON)
        return torch.einsum("bfct,bwc->bfwt", x, share), RATE_HZ / _STEM_STRIDE

    def without_region(self, tensors: tuple[Tensor, ...], region: str) -> tuple[Tensor, ...] | None:
        """Return a window whose mask hides a region's cells; None where it hid them before, or now hides all.

        None of a wide network, too: it is too slow.
        """
        stmap, mask = tensors
        if self.lstm.input_size > _QUICK_WIDTH:
            return None
        outside = torch.tensor([cell.region != region for cell in CELLS], device=mask.device)
        others = mask & outside[:, None]
        return None if torch.equal(others, mask) or not others.any() else (stmap, others)

    def forward(self, stmap: Tensor, mask: Tensor) -> Prediction:
        """Return the prediction of both pressures; finite for any input, however little of it was measured.

        Args:
            stmap: float [B, 4, cells, columns], at least one slice long.
            mask: bool [B, cells, columns]; where it is False, `stmap`, NaN included, has no effect.

        Raises:
            ValueError: the shapes do not fit each other, the channels, the cells or a slice.
        """
        batch, columns = len(stmap), stmap.shape[-1]
        expected = (batch, len(CHANNELS), len(CELLS), max(columns, self.slice_columns))
        if tuple(stmap.shape) != expected or tuple(mask.shape) != (batch, *expected[2:]):
            raise ValueError(f"expected maps {expected} and their mask, not {tuple(stmap.shape)}")
        slices, measured = self._cut(scale_map(stmap, mask), mask)
        vectors = self.blocks(self.stem(slices[measured])).mean(dim=(2, 3))
        x = vectors.new_zeros(*measured.shape, vectors.shape[1])
        x[measured] = vectors
        features = self.dropout(read_across(self.lstm, self.dropout(x), measured))
        return Prediction(self.systolic(features), self.diastolic(features))

    def _cut(self, stmap: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return slices [B, N, 4, cells, slice columns] and which hold a measured entry, bool [B, N]."""
        length, hop = self.slice_columns, self.slice_columns // 2
        slices = stmap.unfold(-1, length, hop).permute(0, 3, 1, 2, 4)
        return slices, mask.any(dim=1).unfold(-1, length, hop).any(dim=-1)


def scale_map(stmap: Tensor, mask: Tensor) -> Tensor:
    """Return maps [B, 4, cells, columns] whose measured T has root mean square 1, 0 where they were not measured."""
    seen = mask[:, None]
    stmap = torch.where(seen, stmap, torch.zeros((), dtype=stmap.dtype, device=stmap.device))
    power = stmap[:, _T].square().sum(dim=(1, 2)) / mask.sum(dim=(1, 2)).clamp(min=1)
    return stmap / power.sqrt().clamp(min=_EPSILON)[:, None, None, None]


class _Block(nn.Module):
    """Residual block of two 3x3 convolutions, with a stride."""

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width_in, width, 3, stride=stride, padding=1, bias=False)
        self.norm_first = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm_second = nn.BatchNorm2d(width)
        self.skip: nn.Module = nn.Identity()
        if stride != 1 or width != width_in:
            self.skip = nn.Sequential(nn.Conv2d(width_in, width, 1, stride=stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm_second(self.second(F.relu(self.norm_first(self.first(x)))))
        return F.relu(y + self.skip(x))
